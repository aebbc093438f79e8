"""the life of a convention

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

USAGES = (
    "usage IN ('reponse', 'convention', 'convention_pdf', 'annexe', 'signee_collectivite', 'signee_centre',"
    " 'accuse_prefecture', 'logo', 'annexe_centre', 'deliberation_tarif', 'decompte', 'bilan', 'avenant', 'avenant_pdf',"
    " 'courrier', 'denonciation', 'mise_en_demeure', 'certificat_elimination')"
)


def upgrade() -> None:
    with op.batch_alter_table('convention', schema=None) as batch_op:
        batch_op.add_column(sa.Column('nature', sa.String(length=20), nullable=False, server_default='convention'))
        batch_op.add_column(sa.Column('parent_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('remplace_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('fin', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('fin_motif', sa.String(length=20), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_convention_centre_id_annee_rang'), type_='unique')
        batch_op.create_index(batch_op.f('ix_convention_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_convention_remplace_id'), ['remplace_id'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_convention_centre_id_nature_annee_rang'), ['centre_id', 'nature', 'annee', 'rang'])
        batch_op.create_foreign_key(batch_op.f('fk_convention_remplace_id_convention'), 'convention', ['remplace_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_convention_parent_id_convention'), 'convention', ['parent_id'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_convention_nature_connu'), "nature IN ('convention', 'avenant')")
        batch_op.create_check_constraint(batch_op.f('ck_convention_avenant_a_une_convention'), "(nature = 'avenant') = (parent_id IS NOT NULL)")
        batch_op.create_check_constraint(batch_op.f('ck_convention_fin_motivee'), 'fin IS NULL OR fin_motif IS NOT NULL')
        batch_op.create_check_constraint(batch_op.f('ck_convention_fin_avant_terme'), 'fin IS NULL OR fin <= terme')

    with op.batch_alter_table('dossier', schema=None) as batch_op:
        # The states of a dossier are those of its offer's circuit: data.
        batch_op.drop_constraint(batch_op.f('ck_dossier_etat_connu'), type_='check')
        batch_op.add_column(sa.Column('convention_id', sa.Uuid(), nullable=True))
        batch_op.alter_column('etat',
               existing_type=sa.VARCHAR(length=20),
               type_=sa.String(length=40),
               existing_nullable=False)
        batch_op.create_index(batch_op.f('ix_dossier_convention_id'), ['convention_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_dossier_convention_id_convention'), 'convention', ['convention_id'], ['id'])

    with op.batch_alter_table('piece', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_piece_usage_connu'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_piece_usage_connu'), USAGES)

    op.create_table('flux_calendrier',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('utilisateur_id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('cree_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lu_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoque_le', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['utilisateur_id'], ['utilisateur.id'], name=op.f('fk_flux_calendrier_utilisateur_id_utilisateur')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flux_calendrier')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_flux_calendrier_token_hash'))
    )
    with op.batch_alter_table('flux_calendrier', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flux_calendrier_utilisateur_id'), ['utilisateur_id'], unique=False)

    op.create_table('passage',
    sa.Column('centre_id', sa.Uuid(), nullable=False),
    sa.Column('jour', sa.Date(), nullable=False),
    sa.Column('commence_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fini_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('compte', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['centre_id'], ['centre.id'], name=op.f('fk_passage_centre_id_centre')),
    sa.PrimaryKeyConstraint('centre_id', 'jour', name=op.f('pk_passage'))
    )
    op.create_table('mise_en_demeure',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('convention_id', sa.Uuid(), nullable=False),
    sa.Column('article', sa.String(length=10), nullable=False),
    sa.Column('etat', sa.String(length=20), nullable=False),
    sa.Column('manquements', sa.Text(), nullable=False),
    sa.Column('delai_jours', sa.Integer(), nullable=False),
    sa.Column('date_envoi', sa.Date(), nullable=True),
    sa.Column('date_presentation', sa.Date(), nullable=True),
    sa.Column('echeance', sa.Date(), nullable=True),
    sa.Column('reponse', sa.Text(), nullable=False),
    sa.Column('reponse_le', sa.Date(), nullable=True),
    sa.Column('issue_motif', sa.Text(), nullable=False),
    sa.Column('cree_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cree_par', sa.Uuid(), nullable=True),
    sa.Column('close_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('close_par', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("etat IN ('preparee', 'envoyee', 'satisfaite', 'resiliee', 'retiree')", name=op.f('ck_mise_en_demeure_etat_connu')),
    sa.CheckConstraint('delai_jours BETWEEN 1 AND 365', name=op.f('ck_mise_en_demeure_delai_raisonnable')),
    sa.ForeignKeyConstraint(['close_par'], ['utilisateur.id'], name=op.f('fk_mise_en_demeure_close_par_utilisateur')),
    sa.ForeignKeyConstraint(['convention_id'], ['convention.id'], name=op.f('fk_mise_en_demeure_convention_id_convention')),
    sa.ForeignKeyConstraint(['cree_par'], ['utilisateur.id'], name=op.f('fk_mise_en_demeure_cree_par_utilisateur')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mise_en_demeure'))
    )
    with op.batch_alter_table('mise_en_demeure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mise_en_demeure_convention_id'), ['convention_id'], unique=False)
        batch_op.create_index('uq_mise_en_demeure_vivante', ['convention_id'], unique=True, sqlite_where=sa.text("etat IN ('preparee', 'envoyee')"), postgresql_where=sa.text("etat IN ('preparee', 'envoyee')"))

    op.create_table('rappel',
    sa.Column('convention_id', sa.Uuid(), nullable=False),
    sa.Column('echeance', sa.String(length=40), nullable=False),
    sa.Column('le', sa.Date(), nullable=False),
    sa.Column('jours_avant', sa.Integer(), nullable=False),
    sa.Column('utilisateur_id', sa.Uuid(), nullable=False),
    sa.Column('courriel_id', sa.Uuid(), nullable=True),
    sa.Column('cree_le', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['convention_id'], ['convention.id'], name=op.f('fk_rappel_convention_id_convention')),
    sa.ForeignKeyConstraint(['courriel_id'], ['courriel.id'], name=op.f('fk_rappel_courriel_id_courriel'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['utilisateur_id'], ['utilisateur.id'], name=op.f('fk_rappel_utilisateur_id_utilisateur')),
    sa.PrimaryKeyConstraint('convention_id', 'echeance', 'le', 'jours_avant', 'utilisateur_id', name=op.f('pk_rappel'))
    )
    op.create_table('reconduction',
    sa.Column('convention_id', sa.Uuid(), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False),
    sa.Column('rang', sa.Integer(), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=False),
    sa.Column('tarif_annee', sa.Integer(), nullable=True),
    sa.Column('tarif_montant', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('montant_du', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('faite_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('par', sa.Uuid(), nullable=True),
    sa.CheckConstraint("decision IN ('tacite', 'expresse')", name=op.f('ck_reconduction_decision_connu')),
    sa.CheckConstraint('rang > 0', name=op.f('ck_reconduction_rang_positif')),
    sa.ForeignKeyConstraint(['convention_id'], ['convention.id'], name=op.f('fk_reconduction_convention_id_convention')),
    sa.ForeignKeyConstraint(['par'], ['utilisateur.id'], name=op.f('fk_reconduction_par_utilisateur')),
    sa.PrimaryKeyConstraint('convention_id', 'annee', name=op.f('pk_reconduction'))
    )
    op.create_table('denonciation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('convention_id', sa.Uuid(), nullable=False),
    sa.Column('auteur', sa.String(length=20), nullable=False),
    sa.Column('etat', sa.String(length=20), nullable=False),
    sa.Column('date_envoi', sa.Date(), nullable=True),
    sa.Column('date_presentation', sa.Date(), nullable=True),
    sa.Column('date_reception', sa.Date(), nullable=True),
    sa.Column('date_reference', sa.Date(), nullable=True),
    sa.Column('recevabilite', sa.String(length=20), nullable=True),
    sa.Column('fin_proposee', sa.Date(), nullable=True),
    sa.Column('fin', sa.Date(), nullable=True),
    sa.Column('motif', sa.Text(), nullable=False),
    sa.Column('piece_id', sa.Uuid(), nullable=True),
    sa.Column('enregistree_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('enregistree_par', sa.Uuid(), nullable=True),
    sa.Column('traitee_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('traitee_par', sa.Uuid(), nullable=True),
    sa.Column('reponse', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("auteur IN ('collectivite', 'centre')", name=op.f('ck_denonciation_auteur_connu')),
    sa.CheckConstraint("etat IN ('recue', 'confirmee', 'sans_suite', 'retiree')", name=op.f('ck_denonciation_etat_connu')),
    sa.CheckConstraint("recevabilite IN ('oui', 'tardive', 'sans_objet')", name=op.f('ck_denonciation_recevabilite_connu')),
    sa.ForeignKeyConstraint(['convention_id'], ['convention.id'], name=op.f('fk_denonciation_convention_id_convention')),
    sa.ForeignKeyConstraint(['enregistree_par'], ['utilisateur.id'], name=op.f('fk_denonciation_enregistree_par_utilisateur')),
    sa.ForeignKeyConstraint(['piece_id'], ['piece.id'], name=op.f('fk_denonciation_piece_id_piece')),
    sa.ForeignKeyConstraint(['traitee_par'], ['utilisateur.id'], name=op.f('fk_denonciation_traitee_par_utilisateur')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_denonciation'))
    )
    with op.batch_alter_table('denonciation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_denonciation_convention_id'), ['convention_id'], unique=False)
        batch_op.create_index('uq_denonciation_vivante', ['convention_id'], unique=True, sqlite_where=sa.text("etat IN ('recue', 'confirmee')"), postgresql_where=sa.text("etat IN ('recue', 'confirmee')"))

    op.create_table('elimination',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('centre_id', sa.Uuid(), nullable=False),
    sa.Column('etat', sa.String(length=20), nullable=False),
    sa.Column('contenu', sa.JSON(), nullable=False),
    sa.Column('visa', sa.String(length=120), nullable=False),
    sa.Column('certificat_id', sa.Uuid(), nullable=True),
    sa.Column('motif', sa.Text(), nullable=False),
    sa.Column('proposee_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposee_par', sa.Uuid(), nullable=True),
    sa.Column('traitee_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('traitee_par', sa.Uuid(), nullable=True),
    sa.Column('executee_le', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("etat IN ('proposee', 'approuvee', 'executee', 'refusee')", name=op.f('ck_elimination_etat_connu')),
    sa.ForeignKeyConstraint(['centre_id'], ['centre.id'], name=op.f('fk_elimination_centre_id_centre')),
    sa.ForeignKeyConstraint(['certificat_id'], ['piece.id'], name=op.f('fk_elimination_certificat_id_piece')),
    sa.ForeignKeyConstraint(['proposee_par'], ['utilisateur.id'], name=op.f('fk_elimination_proposee_par_utilisateur')),
    sa.ForeignKeyConstraint(['traitee_par'], ['utilisateur.id'], name=op.f('fk_elimination_traitee_par_utilisateur')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_elimination'))
    )
    with op.batch_alter_table('elimination', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_elimination_centre_id'), ['centre_id'], unique=False)

    op.create_table('courrier_tarif',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('centre_id', sa.Uuid(), nullable=False),
    sa.Column('convention_id', sa.Uuid(), nullable=False),
    sa.Column('tarif_id', sa.Uuid(), nullable=False),
    sa.Column('annee', sa.Integer(), nullable=False),
    sa.Column('montant_avant', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('montant_apres', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('piece_id', sa.Uuid(), nullable=True),
    sa.Column('mode', sa.String(length=20), nullable=True),
    sa.Column('cree_le', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cree_par', sa.Uuid(), nullable=True),
    sa.Column('envoye_le', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("mode IN ('courriel', 'impression')", name=op.f('ck_courrier_tarif_mode_connu')),
    sa.ForeignKeyConstraint(['centre_id'], ['centre.id'], name=op.f('fk_courrier_tarif_centre_id_centre')),
    sa.ForeignKeyConstraint(['convention_id'], ['convention.id'], name=op.f('fk_courrier_tarif_convention_id_convention')),
    sa.ForeignKeyConstraint(['cree_par'], ['utilisateur.id'], name=op.f('fk_courrier_tarif_cree_par_utilisateur')),
    sa.ForeignKeyConstraint(['piece_id'], ['piece.id'], name=op.f('fk_courrier_tarif_piece_id_piece')),
    sa.ForeignKeyConstraint(['tarif_id'], ['tarif.id'], name=op.f('fk_courrier_tarif_tarif_id_tarif')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_courrier_tarif')),
    sa.UniqueConstraint('convention_id', 'tarif_id', name=op.f('uq_courrier_tarif_convention_id_tarif_id'))
    )
    with op.batch_alter_table('courrier_tarif', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_courrier_tarif_centre_id'), ['centre_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_courrier_tarif_convention_id'), ['convention_id'], unique=False)



def downgrade() -> None:
    raise NotImplementedError("Restore a backup to go back: what happened to conventions would be lost.")
