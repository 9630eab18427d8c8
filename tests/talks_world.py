"""Talks in the small world: four proposals, three states."""

from __future__ import annotations

from comity.policy.instruments import Productivity, Tariff, TradeCost
from comity.records import Closure
from comity.talks.agenda import Agenda, Crisis, Proposal
from policy_world import small

WORLD = small()


def cut(importer: str, exporter: str, sector: str, change: float) -> TradeCost:
    return TradeCost(importer=importer, exporter=exporter, sector=sector, change=change)


PROPOSALS = (
    Proposal("food", "Food", ("BLR",), ("KAZ",), (cut("KAZ", "BLR", "C10T12", -0.25),)),
    Proposal("crops", "Crops", ("KAZ",), ("BLR",), (cut("BLR", "KAZ", "A01", -0.3), cut("BLR", "KAZ", "C29", -0.1))),
    Proposal(
        "tariff", "A common tariff", ("BLR",), ("BLR",), (Tariff(importer="EAEU", exporter="KOR", sector="C29", rate="30%"),)
    ),
    Proposal("all", "Everybody", ("BLR",), ("KAZ",), (cut("EAEU", "EAEU", "goods", -0.1),)),
)
CRISES = (
    Crisis("none", "No crisis", 0.8),
    Crisis("collapse", "Collapse", 0.1, (cut("all", "all", "goods", 0.4),)),
    Crisis(
        "war",
        "War",
        0.1,
        (
            Tariff(importer="KOR", exporter="all", sector="goods", add="40%"),
            Productivity(country="RUS", sector="all", change="-10%"),
        ),
    ),
)


def agenda(closure: Closure, proposals: tuple[Proposal, ...] = PROPOSALS) -> Agenda:
    return Agenda("t", ("BLR", "KAZ"), None, closure, None, CRISES, proposals, "expected", "equal", "parties", (), ())
