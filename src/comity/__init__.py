"""comity: what a trade deal is worth to everyone at the table, in world general equilibrium."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Benchmark": "comity.records",
    "Closure": "comity.records",
    "Equilibrium": "comity.records",
    "Scenario": "comity.policy.scenario",
    "Tariff": "comity.policy.instruments",
    "TradeCost": "comity.policy.instruments",
    "Embargo": "comity.policy.instruments",
    "Barrier": "comity.policy.instruments",
    "ExportTax": "comity.policy.instruments",
    "Quota": "comity.policy.instruments",
    "TariffQuota": "comity.policy.instruments",
    "Transfer": "comity.policy.instruments",
    "Ownership": "comity.policy.instruments",
    "Productivity": "comity.policy.instruments",
    "Taste": "comity.policy.instruments",
    "Labour": "comity.policy.instruments",
    "Capital": "comity.policy.instruments",
    "load": "comity.data.load",
    "check": "comity.data.checks",
    "solve": "comity.solve.equilibrium",
    "with_rents": "comity.solve.declared",
    "gradient": "comity.solve.derivatives.adjoint",
    "decompose": "comity.solve.derivatives.path",
    "Preview": "comity.solve.derivatives.preview",
    "Talks": "comity.talks.talks",
    "relations": "comity.relations",
    "brief": "comity.report.brief",
}


class _Package(ModuleType):
    """Two rooms are named like the verb they offer: `comity.solve` is the function, whether or not the room is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'comity' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*_HOMES, "__version__"]


sys.modules[__name__].__class__ = _Package
