"""drafts of offers

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("offre_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sources", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("issue_de", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("modifiee_le", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("modifiee_par", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_offre_version_issue_de_offre_version"), "offre_version", ["issue_de"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_offre_version_modifiee_par_utilisateur"), "utilisateur", ["modifiee_par"], ["id"]
        )
        batch_op.create_index(
            "uq_offre_version_brouillon",
            ["centre_id", "code"],
            unique=True,
            sqlite_where=sa.text("etat = 'brouillon'"),
            postgresql_where=sa.text("etat = 'brouillon'"),
        )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup to go back: drafts of offers would be lost.")
