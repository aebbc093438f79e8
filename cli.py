"""The `portail` command (conception.md, *Command line*). Exit codes: 0 done, 1 refused with a message, 2 wrong usage."""

from __future__ import annotations

import click

from commands import (
    calendrier,
    courriels,
    decomptes,
    documents,
    exploitation,
    fichiers,
    heures,
    offres,
    purge,
    rappels,
    simulation,
    utilisateur,
)
from commands.french import Group, speak_french

speak_french()


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Portail des conventions : administration et production de documents en ligne de commande.

    PORTAIL_DATA est le dossier de travail (par défaut : var). DATABASE_URL désigne une base PostgreSQL ;
    sans elle, la base est un fichier SQLite du dossier de travail.
    """


for command in (
    exploitation.init,
    exploitation.servir,
    exploitation.demo,
    utilisateur.utilisateur,
    courriels.courriels,
    exploitation.journal_group,
    exploitation.save,
    exploitation.restore,
    fichiers.fichiers,
    purge.purger,
    heures.heures,
    offres.offre,
    decomptes.exercices,
    documents.convention,
    documents.deliberation,
    documents.gabarit,
    simulation.simuler,
    calendrier.echeances,
    calendrier.quotidien,
    rappels.rappels,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="portail")
