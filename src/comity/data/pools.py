"""Customs unions that pool their duties, and the key by which they share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from comity.errors import InputError
from comity.records import Benchmark


@dataclass(frozen=True)
class Pool:
    """Shares of the members in the duties on outsiders, per cent, as a treaty states them; from which year, and the source."""

    union: str
    share_pct: Mapping[str, float]
    since: int
    source: str

    def key(self, benchmark: Benchmark) -> dict[str, float]:
        """The key among the members that the benchmark holds on their own, summing to 1.

        Members inside ROW collect and receive there: what they pay in and what is due to them is left out of the pool on both
        sides, so that the others' shares are rescaled.
        """
        own = {code: share for code, share in self.share_pct.items() if code in benchmark.economies}
        if not own:
            raise InputError(f"no member of {self.union} is an economy of {benchmark.name}")
        total = sum(own.values())
        return {code: share / total for code, share in own.items()}

    def left_out(self, benchmark: Benchmark) -> tuple[str, ...]:
        """Members that the benchmark keeps inside ROW."""
        return tuple(code for code in self.share_pct if code not in benchmark.economies)


POOLS = {
    "EAEU": Pool(
        "EAEU",
        {"ARM": 1.220, "BLR": 4.860, "KAZ": 6.955, "KGZ": 1.900, "RUS": 85.065},
        2020,
        "Treaty on the Eurasian Economic Union, Annex 5, as amended in 2019; the shares as reported by Vestnik Kavkaza on 21 "
        "February 2023 (en.vestikavkaza.ru/material/159642), Russia’s being what they leave of 100",
    )
}


def pool_of(union: str) -> Pool:
    """The pool of a union by its code. InputError where no key is known."""
    if union not in POOLS:
        raise InputError(f"no key is known by which {union} shares its duties (known: {', '.join(POOLS)})")
    return POOLS[union]


def with_pool(benchmark: Benchmark, union: str) -> Benchmark:
    """The benchmark in which a union pools its duties: flows and income stay as observed, the difference is in the deficits."""
    return replace(benchmark, customs_pool=pool_of(union).key(benchmark))
