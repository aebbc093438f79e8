"""A simulation: what a share of a post, or hours, cost over the whole term, side by side, and where they cross.

`simulate` is pure: parameters, an offer and the centre's tariffs in, results out. It is the simulator of the page, of the
dossier's *Besoin* step, of the exports, and of the note for the budget, so that they tell one amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from domain.calendar import compute_terme
from domain.errors import Invalide
from domain.formatting import date_longue, duree, euros, nombre, pourcentage
from domain.offer import Offer
from domain.tarification import Seuil, bill_minutes, compute_heures, compute_seuil, round_cent
from domain.tarifs import Tarif, TarifAbsent, choose_tarif, tell_other_year, tell_unknown, warn_other_year, warn_unknown
from services.pilotage.formules import (
    UNITES,
    Formule,
    Grille,
    Regles,
    build_heures,
    build_part,
    build_unites,
    find_grille,
    share_for,
    share_of,
    tell_agents,
    tell_share,
)
from services.pilotage.parametres import Mode, Parametres

RATIO = 1500
"""Agents that a full-time post follows, when the offer says nothing (`options.agents_par_temps_plein`): an order of
magnitude to start from, said as such on the page, for the centre to correct."""
RATIO_OPTION = "agents_par_temps_plein"
CURVE_POINTS = 12


@dataclass(frozen=True)
class Cadre:
    """What a simulation is made with: a centre, one of its offers, its tariffs, and the collectivité it is for (None for
    the centre's own)."""

    centre_id: UUID
    centre: str
    centre_nom: str
    fuseau: str
    offer: Offer
    tarifs: tuple[Tarif, ...] = field(repr=False)
    collectivite_id: UUID | None = None
    collectivite_nom: str | None = None

    @property
    def du_centre(self) -> bool:
        return self.collectivite_id is None

    @property
    def ratio(self) -> int:
        """Agents that a full-time post follows, as the offer says, else by default."""
        given = self.offer.options.get(RATIO_OPTION)
        return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else RATIO

    @property
    def code_part(self) -> str:
        """Code of the full-time tariff."""
        return self.offer.facturation.tarif if self.offer.facturation.mode == "quotite" else "temps_complet"

    @property
    def code_heure(self) -> str:
        """Code of the tariff of an hour: the offer's, else that of its *service dégradé*."""
        billing = self.offer.facturation
        if billing.mode == "horaire":
            return billing.tarif
        return billing.service_degrade.tarif if billing.service_degrade else "heure"


@dataclass(frozen=True)
class Point:
    """One point of the curve: hours a year, and what they cost by the hour and by the share."""

    minutes: int
    heures: Decimal
    part: Decimal


@dataclass(frozen=True)
class Simulation:
    """The results. `formules`: the offer's own way of paying first. `quotite`: the share that was priced, None when the hours
    are more than a whole post. `hypotheses`: what was assumed, in sentences; `avertissements`: what to beware of."""

    cadre: Cadre
    parametres: Parametres
    terme: date
    quotite: Decimal | None
    minutes: int
    ratio: int
    formules: tuple[Formule, ...]
    grilles: dict[str, Grille]
    seuil: Seuil | None
    courbe: tuple[Point, ...]
    besoin: tuple[str, ...]
    hypotheses: tuple[str, ...]
    avertissements: tuple[str, ...]

    def formule(self, code: str) -> Formule | None:
        """The way of paying with this code, when it could be priced."""
        return next((one for one in self.formules if one.code == code), None)

    @property
    def retenue(self) -> Formule:
        """The offer's own way of paying, else the first that could be priced."""
        return self.formules[0]

    @property
    def conclusion(self) -> str:
        """The finding, in one sentence."""
        return _conclude(self)


def simulate(cadre: Cadre, parametres: Parametres) -> Simulation:
    """Everything about one simulation; Invalide at the field of what cannot be priced."""
    p, billing = parametres, cadre.offer.facturation
    terme = compute_terme(p.effet, cadre.offer.duree.nombre)
    if p.debut > terme:
        raise Invalide(f"Les prestations débuteraient après le terme de la convention ({date_longue(terme)}).", "debut")
    regles = Regles(p, terme, p.prorata or billing.prorata, billing.heures_annuelles, billing.periodicite)
    ratio = p.ratio or cadre.ratio
    quotite, minutes, besoin = _need(p, ratio, billing.heures_annuelles)
    _check_lists(p, terme, quotite)
    grilles = _find_grilles(cadre, p)
    formules = _price(cadre, regles, grilles, quotite, minutes)
    if not formules:
        raise _no_tarif(cadre, p)
    seuil = _find_seuil(grilles, p, quotite, regles)
    return Simulation(
        cadre=cadre,
        parametres=p,
        terme=terme,
        quotite=quotite,
        minutes=minutes,
        ratio=ratio,
        formules=tuple(formules),
        grilles=grilles,
        seuil=seuil,
        courbe=_draw(grilles, formules, seuil, p) if seuil else (),
        besoin=tuple(besoin),
        hypotheses=tuple(_tell_hypotheses(cadre, regles, grilles)),
        avertissements=tuple(_warn(cadre, p, grilles, formules, quotite, terme)),
    )


def _no_tarif(cadre: Cadre, p: Parametres) -> Invalide:
    """Why nothing can be priced: no tariff at all, or none for so many agents, or for a body (not) affiliated."""
    billing = cadre.offer.facturation
    try:
        choose_tarif(cadre.tarifs, billing.tarif, p.debut.year, affiliee=p.affiliee, effectif=p.agents)
    except TarifAbsent as absent:
        return Invalide(
            f"{absent.message} Ou saisissez un tarif pour simuler.", "taux" if billing.mode == "horaire" else "tarif"
        )
    return Invalide("Cette offre ne se simule ni à la part, ni à l’heure : saisissez un tarif pour comparer.", "tarif")


def _need(p: Parametres, ratio: int, heures_annuelles: int) -> tuple[Decimal | None, int, list[str]]:
    """The share of a post and the minutes a year that are priced, and how one was found from the other."""
    if p.mode is Mode.HEURES and p.minutes is not None:
        found = p.quotite or share_of(p.minutes, heures_annuelles)
        steps = [] if p.quotite else [tell_share(p.minutes, heures_annuelles)]
        return (found if 0 < found <= 100 else None), p.minutes, steps
    steps = []
    quotite = p.quotite
    if p.mode is Mode.AGENTS and p.agents is not None:
        quotite, steps = share_for(p.agents, ratio), [tell_agents(p.agents, ratio)]
    if quotite is None:
        raise Invalide("Indiquez : part d’un temps plein.", "quotite")
    quota = compute_heures(quotite, heures_annuelles)
    compared = p.minutes if p.mode is Mode.QUOTITE and p.minutes is not None else quota.minutes
    return quotite, compared, steps


def _check_lists(p: Parametres, terme: date, quotite: Decimal | None) -> None:
    if p.avenants and quotite is None:
        raise Invalide("Un changement de part suppose une part d’un temps plein : ces heures en font plus.", "avenants")
    if any(jour > terme for _, jour in p.avenants):
        raise Invalide(f"Un changement de part vient après le terme ({date_longue(terme)}).", "avenants")
    for du, au in p.absences:
        if au < p.debut or du > terme:
            raise Invalide(
                f"La période du {date_longue(du)} au {date_longue(au)} est hors de la convention, du "
                f"{date_longue(p.debut)} au {date_longue(terme)}.",
                "absences",
            )


def _find_grilles(cadre: Cadre, p: Parametres) -> dict[str, Grille]:
    """Known tariffs by way of paying. Assumed votes are about the offer's own tariff."""
    own = cadre.offer.facturation.mode
    asked = {
        "part": (cadre.code_part, p.tarif, own != "horaire"),
        "heures": (cadre.code_heure, p.taux, own == "horaire"),
        **{code: (code, None, False) for code in UNITES},
    }
    found = {
        name: find_grille(cadre.tarifs, code, p, typed=typed, votes=votes)
        for name, (code, typed, votes) in asked.items()
    }
    return {name: grille for name, grille in found.items() if grille is not None}


def _price(
    cadre: Cadre, regles: Regles, grilles: dict[str, Grille], quotite: Decimal | None, minutes: int
) -> list[Formule]:
    """Every way of paying that can be priced, the offer's own first."""
    own = {"quotite": "part", "horaire": "heures"}.get(cadre.offer.facturation.mode, cadre.offer.facturation.mode)
    found: list[Formule | None] = []
    if "part" in grilles and quotite is not None:
        found.append(build_part(grilles["part"], quotite, regles, de_l_offre=own == "part"))
    if "heures" in grilles and grilles["heures"].montants:
        found.append(build_heures(grilles["heures"], minutes, regles, de_l_offre=own == "heures"))
    found += [
        build_unites(grilles[code], minutes, regles, de_l_offre=own == code) for code in UNITES if code in grilles
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.de_l_offre)


def _find_seuil(grilles: dict[str, Grille], p: Parametres, quotite: Decimal | None, regles: Regles) -> Seuil | None:
    if quotite is None or "part" not in grilles or "heures" not in grilles:
        return None
    year = p.debut.year
    taux = grilles["heures"].montants[year]
    return compute_seuil(grilles["part"].montants[year], quotite, taux, regles.heures_annuelles) if taux else None


def _draw(grilles: dict[str, Grille], formules: Sequence[Formule], seuil: Seuil, p: Parametres) -> tuple[Point, ...]:
    """Points of the curve, from nothing to well past the break-even point and the hours compared: round hours, and these
    two."""
    part = next(one for one in formules if one.code == "part")
    taux = grilles["heures"].montants[p.debut.year]
    compared = next(one.minutes for one in formules if one.code == "heures")
    end = Fraction(max(seuil.minutes_des, compared, part.minutes) * 115, 100)
    step = _round_step(end / 60 / CURVE_POINTS) * 60
    minutes = {index * step for index in range(int(end / step) + 2)} | {seuil.minutes_des, compared, part.minutes}
    return tuple(Point(one, bill_minutes(one, taux).valeur, part.annuel) for one in sorted(minutes))


def _round_step(hours: Fraction) -> int:
    """A round number of hours, at least `hours`."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if size * factor >= hours:
                return size * factor
        size *= 10


def _tell_hypotheses(cadre: Cadre, regles: Regles, grilles: dict[str, Grille]) -> list[str]:
    """What the amounts rest on, in sentences."""
    p = regles.parametres
    found = [
        f"Convention du {date_longue(p.effet)} au {date_longue(regles.terme)}, prestations à partir du "
        f"{date_longue(p.debut)}.",
        f"Première année au prorata : {regles.prorata.label}.",
    ]
    if p.hausse:
        found.append(
            f"Tarifs révisés de {pourcentage(p.hausse)} chaque 1er janvier après le dernier connu (hypothèse)."
        )
    else:
        found.append("Tarifs constants après le dernier connu (hypothèse).")
    if p.mode is Mode.AGENTS:
        ratio = p.ratio or cadre.ratio
        found.append(f"Un temps plein suit {nombre(ratio)} agents ({_source(cadre, p)}).")
    found += [f"Part portée à {pourcentage(share)} au {date_longue(jour)}." for share, jour in p.avenants]
    found += [
        f"Sans assistant du {date_longue(du)} au {date_longue(au)}, du fait du centre : ces jours ne sont pas dus."
        for du, au in p.absences
    ]
    if (p.avenants or p.absences) and "heures" in grilles:
        found.append("Les heures comparées sont les mêmes chaque année : ces changements ne les modifient pas.")
    found += [f"Tarif {annee} supposé : {euros(montant)}." for annee, montant in p.votes]
    if p.inflation:
        found.append(f"Euros constants {p.debut.year} : inflation supposée de {pourcentage(p.inflation)} par an.")
    return found


def _source(cadre: Cadre, p: Parametres) -> str:
    if p.ratio:
        return "hypothèse saisie"
    return (
        "hypothèse de l’offre"
        if RATIO_OPTION in cadre.offer.options
        else "ordre de grandeur, à faire confirmer par le centre"
    )


def _warn(
    cadre: Cadre,
    p: Parametres,
    grilles: dict[str, Grille],
    formules: Sequence[Formule],
    quotite: Decimal | None,
    terme: date,
) -> list[str]:
    used = {"part": "part", "heures": "heures"} | {code: code for code in UNITES}
    priced = [grilles[used[one.code]] for one in formules]
    chosen = [grille.premier for grille in priced if grille.premier is not None]
    year = p.debut.year
    told = (
        (warn_other_year if cadre.du_centre else tell_other_year)(year, chosen),
        (warn_unknown if cadre.du_centre else tell_unknown)(
            cadre.tarifs, chosen, year, affiliee=p.affiliee, effectif=p.agents
        ),
    )
    found = [one for one in told if one]
    typed = [grille for grille in priced if grille.saisi]
    if typed:
        found.append("Un tarif est saisi pour cette simulation : ce n’est pas un tarif voté par le centre.")
    if quotite is None:
        found.append(f"{duree(_hours(formules))} par an font plus d’un temps plein : aucune part n’est calculée.")
    elif not any(one.code == "part" for one in formules):
        found.append(
            "Le centre n’a voté aucun tarif de temps plein : le simulateur compare avec une part si vous en saisissez un."
        )
    if not any(one.code == "heures" for one in formules):
        found.append(
            "Le centre n’a voté aucun tarif à l’heure : le simulateur compare avec des heures si vous en saisissez un."
        )
    if not any(one.de_l_offre for one in formules):
        found.append("Cette offre se facture autrement : ni la part ni les heures ne disent ce qu’elle coûtera.")
    if p.debut.year != p.effet.year:
        found.append("Les prestations débutent une autre année que la prise d’effet : vérifiez que c’est voulu.")
    return found


def _hours(formules: Sequence[Formule]) -> int:
    return next((one.minutes for one in formules if one.code == "heures"), 0)


def _conclude(simulation: Simulation) -> str:
    """The finding that the page, the chart and the note begin with."""
    part, heures, seuil = simulation.formule("part"), simulation.formule("heures"), simulation.seuil
    if part is None or heures is None or seuil is None:
        only = simulation.retenue
        return f"{only.titre}, {only.quantite} : {euros(only.annuel)} pour une année entière."
    gap = abs(part.annuel - heures.annuel)
    if heures.annuel == part.annuel:
        return f"{part.quantite} d’un temps plein et {heures.quantite} à l’heure coûtent autant : {euros(part.annuel)} par an."
    cheaper = "la part coûte" if part.annuel < heures.annuel else "les heures coûtent"
    return (
        f"Pour {heures.quantite} par an, {cheaper} {euros(gap)} de moins ; la part devient moins chère dès "
        f"{duree(seuil.minutes_des)}."
    )


def cost_gap(simulation: Simulation) -> Decimal | None:
    """Euros of the whole term by the share less those by the hour; None when one is not priced."""
    part, heures = simulation.formule("part"), simulation.formule("heures")
    return None if part is None or heures is None else round_cent(Fraction(part.total - heures.total))
