"""Instruments in plain words, with what they touch in the base year."""

from __future__ import annotations

from comity.countries import country_name
from comity.policy import selectors
from comity.policy.instruments import (
    Barrier,
    CommodityPrice,
    Embargo,
    ExportTax,
    Instrument,
    Labour,
    Ownership,
    Quota,
    Tariff,
    TariffQuota,
    Trade,
    Transfer,
    kind_of,
)
from comity.policy.wedges import base_value, cells
from comity.records import Benchmark

_NOUNS = {
    "trade_cost": "trade cost",
    "productivity": "productivity",
    "taste": "weight in final demand",
    "labour": "labour force",
    "capital": "capital stock",
}


def describe(instrument: Instrument, benchmark: Benchmark) -> str:
    """One line: who, what, how much, and the flow of the base year that it touches."""
    usd, what = base_value(instrument, benchmark)
    year = benchmark.provenance.get("year", "the base year")
    return f"{_what(instrument, benchmark)} ({what} touched: USD {_money(usd)} in {year})"


def trade_touched(instrument: Instrument, benchmark: Benchmark) -> float:
    """Trade between different economies in the cells of a trade instrument, USD mn of the base year."""
    return cells(instrument, benchmark).base_usd_mn


def inside_row(instrument: Instrument, benchmark: Benchmark) -> tuple[str, ...]:
    """Names of the members of a chosen group that the benchmark keeps inside ROW, and which are not touched."""
    return tuple(country_name(code) for code in cells(instrument, benchmark).inside_row)


def percent(fraction: float, *, sign: bool = True) -> str:
    """A change as "+15 %" or "−8 %", at most four significant digits; a level without its plus."""
    text = f"{abs(100 * fraction):.4g}"
    mark = "−" if fraction < 0 else "+" if sign and fraction > 0 else ""
    return f"{mark}{text} %"


def _what(instrument: Instrument, benchmark: Benchmark) -> str:
    if isinstance(instrument, Trade):
        sector = selectors.label(instrument.sector, selectors.sectors, benchmark)
        importer = selectors.label(instrument.importer, selectors.economies, benchmark)
        exporter = selectors.label(instrument.exporter, selectors.economies, benchmark)
        if importer == exporter:
            return f"{_trade_change(instrument)}: {sector}, among {importer}"
        return f"{_trade_change(instrument)}: {sector}, sold by {exporter} to {importer}"
    if isinstance(instrument, Transfer):
        payer, receiver = (selectors.label(who, selectors.economies, benchmark) for who in (instrument.from_, instrument.to))
        return f"transfer of USD {_money(instrument.usd_mn)}: from {payer} to {receiver}"
    country = selectors.label(instrument.country, selectors.economies, benchmark)
    if isinstance(instrument, Labour):
        return f"labour force {percent(instrument.change)}: {country}"
    sector = selectors.label(instrument.sector, selectors.sectors, benchmark)
    if isinstance(instrument, CommodityPrice):
        means = f"through {'productivity' if instrument.by == 'productivity' else 'taste'} in {country}"
        if instrument.final_sector is not None:
            means += f", final demand for {selectors.label(instrument.final_sector, selectors.sectors, benchmark)}"
        return f"world price {percent(instrument.change)}: {sector}, {means}"
    if isinstance(instrument, Ownership):
        owner = selectors.label(instrument.owner, selectors.economies, benchmark)
        return f"{percent(instrument.share, sign=False)} of capital income to {owner}: {sector}, {country}"
    return f"{_NOUNS[kind_of(instrument)]} {percent(instrument.change)}: {sector}, {country}"


def _trade_change(instrument: Trade) -> str:
    if isinstance(instrument, Embargo):
        return "embargo"
    if isinstance(instrument, Barrier):
        text = f"barrier from {percent(instrument.from_, sign=False)} to {percent(instrument.to, sign=False)}"
        if instrument.rent_share == 0:
            return text
        return f"{text}, {percent(instrument.rent_share, sign=False)} of it a rent of {instrument.rent_to}s"
    if isinstance(instrument, Tariff | ExportTax):
        what = "tariff" if isinstance(instrument, Tariff) else "export tax"
        if instrument.rate is not None:
            return f"{what} set to {percent(instrument.rate, sign=False)}"
        return f"{what} {percent(instrument.add or 0.0)[:-2]} percentage points"
    if isinstance(instrument, Quota | TariffQuota):
        today = f"{percent(instrument.limit or 0.0, sign=False)} of today"
        size = today if instrument.usd_mn is None else f"USD {_money(instrument.usd_mn)}"
        if isinstance(instrument, Quota):
            return f"quota of {size}, its rent to {instrument.rent_to}s"
        rates = f"{percent(instrument.within, sign=False)} up to {size}, {percent(instrument.above, sign=False)} beyond"
        return f"tariff of {rates}, the licences' rent to {instrument.rent_to}s"
    return f"trade cost {percent(instrument.change)}"


def _money(usd_mn: float) -> str:
    """USD mn in at most three significant digits, thousands separated by a space."""
    rounded = float(f"{usd_mn:.3g}")
    if abs(rounded) >= 1000:
        return f"{rounded:,.0f} mn".replace(",", " ")
    return f"{rounded:g} mn"
