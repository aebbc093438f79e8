"""The national list of collectivités: loaded once, searched in a few milliseconds, on the server only.

36,141 records from `data/collectivites.csv` (see `data/README.md`). A query is words of a name, each by its beginning and
whatever the accents, hyphens and capitals; or a SIREN, a postal code, an INSEE code, whole or by their first digits.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from pathlib import Path

from domain.text import fold

DEFAULT_PATH = Path(__file__).resolve().parent.parent / "data" / "collectivites.csv"

TYPE_LABELS = {
    "commune": "commune",
    "cc": "communauté de communes",
    "ca": "communauté d’agglomération",
    "cu": "communauté urbaine",
    "metropole": "métropole",
    "ept": "établissement public territorial",
}
# Usual short forms, so that « st ouen » finds Saint-Ouen.
_SHORT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


@dataclass(frozen=True, slots=True)
class Collectivite:
    """One record of the list. `population` is zero when it is unknown; postal codes and INSEE code are communes' only."""

    siren: str
    nom: str
    type: str
    code_insee: str
    departement: str
    codes_postaux: tuple[str, ...]
    population: int

    @property
    def libelle(self) -> str:
        """One line to choose by: « Choisy-le-Roi (94600) – commune »."""
        place = self.codes_postaux[0] if self.codes_postaux else self.departement
        more = "…" if len(self.codes_postaux) > 1 else ""
        return f"{self.nom} ({place}{more}) – {TYPE_LABELS.get(self.type, self.type)}"

    def values(self) -> dict[str, object]:
        """What a field's `fills` may copy, by attribute. `adresse` holds what is known of it; its street is not."""
        code = self.codes_postaux[0] if len(self.codes_postaux) == 1 else None
        adresse = {"code_postal": code, "ville": self.nom} if self.type == "commune" else None
        return {
            "siren": self.siren,
            "nom": self.nom,
            "type": self.type,
            "code_insee": self.code_insee or None,
            "departement": self.departement,
            "code_postal": code,
            "population": self.population or None,
            "adresse": {key: value for key, value in adresse.items() if value} if adresse else None,
        }


class Referentiel:
    """The list in memory, with an index of the words of names and of codes."""

    def __init__(self, records: Iterable[Collectivite]) -> None:
        # Sorted by population once: then the rank is the order, and comparing two candidates is comparing two integers.
        named = sorted(
            ((fold(one.nom), one) for one in records), key=lambda pair: (-pair[1].population, pair[0], pair[1].siren)
        )
        self.records = [record for _, record in named]
        self._names = [name for name, _ in named]
        self._by_siren = {record.siren: record for record in self.records}
        keys: list[tuple[str, int]] = []
        for index, record in enumerate(self.records):
            keys.extend((key, index) for key in {*self._names[index].split(), *_other_keys(record)})
        keys.sort()
        self._keys = [key for key, _ in keys]
        self._owners = [owner for _, owner in keys]

    def __len__(self) -> int:
        return len(self.records)

    def get(self, siren: str) -> Collectivite | None:
        """The record with this SIREN (nine digits), None when the list has none."""
        return self._by_siren.get(siren)

    def search(
        self, query: str, limit: int = 12, departement: str | None = None, prefer: Collection[str] = ()
    ) -> list[Collectivite]:
        """The `limit` best records for `query`: exact name first, then names beginning with it, then by population.

        `departement` keeps one département only; those of `prefer` come first among equals. An empty query finds nothing.
        """
        words = _query_words(query[:200])
        if not words:
            return []
        found = self._candidates(words)
        if departement:
            found = {index for index in found if self.records[index].departement == departement}
        whole = " ".join(_SHORT.get(word, word) for word in words)

        def rank(index: int) -> tuple[int, bool, int]:
            name = self._names[index]
            near = 0 if name == whole else 1 if name.startswith(whole) else 2
            return near, self.records[index].departement not in prefer, index

        return [self.records[index] for index in nsmallest(limit, found, key=rank)]

    def _candidates(self, words: list[str]) -> set[int]:
        """Records that have, for every word, a name's word or a code beginning with it."""
        ranges = sorted(
            (self._owners_of(word, last=rank == len(words) - 1) for rank, word in enumerate(words)), key=len
        )
        found = set(ranges[0])
        for owners in ranges[1:]:
            found.intersection_update(owners)
        return found

    def _owners_of(self, word: str, *, last: bool) -> list[int]:
        """A short form stands for its long one; while it is the last word it may also be the beginning of another."""
        owners = self._owners_by_prefix(_SHORT[word]) if word in _SHORT else []
        return owners + self._owners_by_prefix(word) if last or word not in _SHORT else owners

    def _owners_by_prefix(self, prefix: str) -> list[int]:
        start = bisect_left(self._keys, prefix)
        stop = bisect_left(self._keys, prefix + "\uffff", start)
        return self._owners[start:stop]


def _other_keys(record: Collectivite) -> Iterable[str]:
    if "'" in record.nom:  # « lhay » for L'Haÿ-les-Roses
        yield from fold(record.nom.replace("'", "")).split()
    yield record.siren
    yield from record.codes_postaux
    if record.code_insee:
        yield record.code_insee.lower()


def _query_words(query: str) -> list[str]:
    """Words to look for; the groups of a number written with spaces (« 219 400 223 ») are put together."""
    folded = fold(query)
    if re.fullmatch(r"[0-9 ]+", folded):
        return [folded.replace(" ", "")]
    return folded.split()[:10]


def read_referentiel(path: Path) -> Referentiel:
    """The list of a CSV file with the columns of `data/README.md`."""
    with path.open(encoding="utf-8", newline="") as stream:
        return Referentiel(
            Collectivite(
                siren=row["siren"],
                nom=row["nom"],
                type=row["type"],
                code_insee=row["code_insee"],
                departement=row["departement"],
                codes_postaux=tuple(code for code in row["codes_postaux"].split("|") if code),
                population=int(row["population"] or 0),
            )
            for row in csv.DictReader(stream)
        )


@lru_cache(maxsize=1)
def load_referentiel() -> Referentiel:
    """The national list, read at the first call and kept."""
    return read_referentiel(DEFAULT_PATH)


def search(
    query: str, limit: int = 12, departement: str | None = None, prefer: Collection[str] = ()
) -> list[Collectivite]:
    """`Referentiel.search` over the national list."""
    return load_referentiel().search(query, limit, departement, prefer)
