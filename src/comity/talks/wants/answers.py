"""The key `sensitive` of the results of talks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from comity.talks import games as played
from comity.talks.keeping.bands import Band, Bands
from comity.talks.results import Judged
from comity.talks.wants import breakeven
from comity.talks.wants.sensitive import HIGH, Studied, Study, as_dict, weight
from comity.talks.wants.signing import Signing, refusals, signing


def answers(study: Study, judged: Judged, games: played.Games) -> dict[str, Any] | None:
    """Openings, concessions, bands and what is called sensitive but is not; None where no producers' income is specific."""
    if not judged.table.producers.any():
        return None
    agenda, economies = judged.agenda, judged.benchmark.economies
    patience = played.PATIENCE if games.patience is None else games.patience
    bands = _bands(study, judged, games, patience)
    return {
        "patience": patience,
        "assumed": games.patience is None,
        "high": HIGH,
        "openings": [as_dict(one, agenda, economies, judged.counted) for one in _ranked(study)],
        "joint": {party: w and {sector: weight(v) for sector, v in w.items()} for party, w in study.joint.items()},
        "concessions": _concessions(study, judged),
        "bands": [_band(one) for one in bands],
        "called_not_sensitive": called_not_sensitive(study, judged.counted),
    }


def _ranked(study: Study) -> list[Studied]:
    """Named sectors first, those with the lowest break-even weight at the top; then the others by what producers lose."""

    def place(one: Studied) -> tuple:
        w = one.at_full.weight
        return not one.named, one.opening.party, w is None, w or 0.0, float(one.effects.producers[one.full, one.sector])

    return sorted(study.found, key=place)


def _sectors(study: Study, judged: Judged, party: str) -> list[str]:
    """The sectors that a proposal names and those to which the file gives a weight."""
    named = [one.opening.sector for one in study.found if one.opening.party == party and one.named]
    return list(dict.fromkeys((*named, *judged.counted.get(party, {}))))


def _bands(study: Study, judged: Judged, games: played.Games, patience: float) -> tuple[Signing, ...]:
    number = [sum(1 << k for k in package) for package in judged.table.packages]
    at = np.argsort(number)
    producers, sectors = {}, {}
    for p, party in enumerate(judged.agenda.parties):
        codes = _sectors(study, judged, party)
        index = [judged.benchmark.sectors.index(code) for code in codes]
        kept = [(code, j) for code, j in zip(codes, index, strict=True) if judged.table.producers[0, 0, p, j] > 0]
        if kept:
            sectors[party] = [code for code, _ in kept]
            producers[party] = judged.table.producers[:, at, p][:, :, [j for _, j in kept]]
    return signing(games.deal, producers, judged.counted, sectors, patience, games.tolerance)


def _band(one: Signing) -> dict[str, Any]:
    return {"party": one.party, "sector": one.sector, "signs": _ends(one.band.signs), "keeps": _ends(one.band.keeps)}


def _ends(bands: Bands) -> dict[str, Any] | None:
    """From … to …, `high` None where every weight from there on does, and its `parts`; None where no weight does."""
    return None if bands.empty else _span(bands) | {"parts": [_span(piece) for piece in bands.pieces]}


def _span(band: Band | Bands) -> dict[str, float | None]:
    return {"low": weight(band.low), "high": weight(band.high) if np.isfinite(band.high) else None}


def _concessions(study: Study, judged: Judged) -> list[dict[str, Any]]:
    """By party and proposal: the weight, one for all sectors that it opens, above which the party refuses it alone."""
    table, agenda = judged.table, judged.agenda
    single = {package[0]: p for p, package in enumerate(table.packages) if len(package) == 1}
    found = []
    for p, party in enumerate(agenda.parties):
        opened = [one for one in study.found if one.opening.party == party]
        proposals = [k for k in range(len(agenda.proposals)) if any(k in one.opening.proposals for one in opened)]
        touched = [[one.sector for one in opened if k in one.opening.proposals] for k in proposals]
        n = judged.benchmark.economy_index(party)
        nation = table.real_income[:, :, n] * judged.real_income[n]
        least = breakeven.SURE * float(judged.real_income[n])
        weighed = refusals(judged.probability, nation, table.producers[:, :, p], [single[k] for k in proposals], touched, least)
        for k, sectors, one in zip(proposals, touched, weighed, strict=True):
            codes = [judged.benchmark.sectors[j] for j in sectors]
            row = {"party": party, "proposal": agenda.proposals[k].id, "sectors": codes}
            found.append(row | {"outcome": one.outcome, "weight": weight(one.weight)})
    return found


def called_not_sensitive(study: Study, counted: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Sectors that a proposal names or the file weighs, and which the numbers do not call sensitive, with the reason."""
    found = []
    for one in study.found:
        given = counted.get(one.opening.party, {}).get(one.opening.sector, 1.0)
        w = one.at_full.weight
        if not one.named and given == 1:
            continue
        reason = None
        if w is None:
            reason = one.at_full.outcome
        elif given > 1 and given < w * (1 - breakeven.SURE):
            reason = "opens_at_the_weight_given"
        elif given == 1 and w > HIGH:
            reason = "weight_too_high"
        if reason:
            found.append({"party": one.opening.party, "sector": one.opening.sector, "reason": reason, "weight": weight(w)})
    return found
