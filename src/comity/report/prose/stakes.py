"""Sentences on shares that are sold: what they pay, what they cost, what they do to risk and to trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.report.prose.numbers import NOTHING_USD_MN, counted, listed, percent, significant, usd
from comity.report.prose.words import called, lowered, possessive, quoted, sentence
from comity.report.story import NO_CRISIS, Story

CONTROL = {
    "nothing": "gives no say of its own",
    "veto": "gives a veto on charter and capital",
    "control": "gives control",
}
LAW = "above a quarter of the votes a veto, above a half control: usual company law, the issuer’s own decides"
Sold = Mapping[str, Any]


def money(value: float) -> str:
    """An amount of a stake, which may be small: to the dollar below USD 0.1 mn."""
    if abs(value) >= NOTHING_USD_MN:
        return usd(value)
    return f"USD {abs(round(1e6 * value)):,.0f}"


def opening(story: Story) -> list[str]:
    """How many, where they count, which of them is recommended."""
    found = story.results["stakes"]["list"]
    inside = [quoted(story.proposal_names[one["id"]]) for one in found if one["id"] in story.best["proposals"]]
    count = len(found)
    texts = [
        f"{counted(count, 'share', 'shares')} in {'an enterprise is' if count == 1 else 'enterprises are'} offered for sale; "
        "each is a line of its own in every table of this brief, its payments at face value on top of the trade package",
        f"the recommended package has {listed(inside)} among its lines"
        if inside
        else "the recommended package sells none of them: at a fair price a sale moves risk and hardly any income",
        "dividends and price pass in every year, also after somebody broke the deal",
    ]
    return [sentence(text) for text in texts]


def one(story: Story, sold: Sold) -> list[str]:
    """Everything about one stake, in sentences."""
    texts = [_what(story, sold), _price(story, sold), _zone(story, sold), _trust(story, sold), _taken(story, sold)]
    texts += [_policy(story, sold), _new(sold)]
    return [sentence(text) for text in texts if text]


def _what(story: Story, sold: Sold) -> str:
    paid = {state: row["package"] for state, row in sold["dividends_usd_mn"].items()}
    low, high = min(paid, key=paid.__getitem__), max(paid, key=paid.__getitem__)
    spread = ""
    if significant(paid[low]) != significant(paid[high]):
        spread = f", from {money(paid[low])} in {_state(story, low)} to {money(paid[high])} in {_state(story, high)}"
    kind = "new shares" if sold["new"] else "the shares"
    return (
        f"{quoted(story.proposal_names[sold['id']])}: {percent(sold['sold_pct'])} of {kind} of {sold['enterprise']} "
        f"({lowered(story.sector_name(sold['sector']))}) would pass to residents of {called(story.name(sold['buyer']))} and pay "
        f"them {money(sold['price']['dividend_with_usd_mn'])} a year in expectation{spread}. Such a share "
        f"{CONTROL[sold['control']]}"
    )


def _state(story: Story, key: str) -> str:
    return "a year without crisis" if key == NO_CRISIS else quoted(story.crisis_name(key))


def _price(story: Story, sold: Sold) -> str:
    price, passed = sold["price"], sold["passed"]["usd_mn"]
    seller, buyer = called(story.name(sold["issuer"])), called(story.name(sold["buyer"]))
    asked = {
        "fair_without": "the dividend that is expected without the package",
        "fair_with": "the dividend that is expected with the package",
        "pe": f"{significant(price['pe'] or 0)} years of today’s dividend, as an annuity",
    }[price["kind"]]
    text = f"the price is {asked}: {money(price['annuity_usd_mn'])} a year"
    if price["kind"] == "pe" and price["premium_pct"] is not None:
        side = "above" if price["premium_pct"] > 0 else "below"
        text += f", {percent(price['premium_pct'])} {side} what is fair without the package"
    if abs(passed) < 0.0005:
        return f"{text}, so that on average nothing passes from one side to the other"
    taker, giver = (buyer, seller) if passed > 0 else (seller, buyer)
    text += f"; with the package {money(passed)} a year passes from {giver} to {taker} beyond it"
    share = sold["passed"]["of_seller_gain_pct"]
    return f"{text}, {percent(share)} of what the package brings {seller}" if passed > 0 and share else text


def _zone(story: Story, sold: Sold) -> str:
    rows = sold["reservation"]
    careful = rows[0] if rows[0]["risk_aversion"] > 0 else rows[-1]
    stated = "" if careful is rows[0] else ", assumed for illustration"
    rho = f"with a relative risk aversion of {significant(careful['risk_aversion'])}{stated},"
    if careful["empty"]:
        return (
            f"{rho} no price suits both: the seller needs {money(careful['seller_least_usd_mn'])} a year at least and the buyer "
            f"pays {money(careful['buyer_most_usd_mn'])} at most. Risk-sharing alone does not justify the sale"
        )
    room = abs(careful["room_usd"]) / 1e6
    text = f"{rho} the prices that suit both lie {money(room)} a year apart"
    small = room < 0.001 * max(abs(sold["price"]["annuity_usd_mn"]), 1e-9)
    return f"{text}: risk-sharing is worth next to nothing here" if small else text


def _trust(story: Story, sold: Sold) -> str:
    """No claim that a stake buys trust unless it does."""
    found = sold["trust"]
    buyer = possessive(called(story.name(sold["buyer"])))
    gain = found["sector_gain_usd_mn"]
    if found["sector_gains"] and abs(gain) >= 0.0005:
        why = f"{money(gain)} of the dividends a year come from {buyer} concessions, which it would lose by withdrawing them"
    else:
        why = f"the sector gains nothing from {buyer} concessions, so that the buyer loses no dividend by withdrawing them"
    if found["buys_trust"]:
        before, after = found["delta_before"], found["delta_after"]
        start = "at no patience" if before is None else f"from a patience of {significant(before)} on"
        end = "at any patience" if after == 0 else f"from {significant(after)} on"
        return f"the stake buys trust: without it the package is kept {start}, with it {end}; {why}"
    if found["delta_before"] == 0 and found["delta_after"] == 0:
        return f"nobody is tempted to break the package, with or without the stake: there is no trust to buy; {why}"
    return f"the stake buys no trust; {why}"


def _taken(story: Story, sold: Sold) -> str:
    """What an issuer that may take its shares back would respect."""
    found, issuer = sold["expropriation"], called(story.name(sold["issuer"]))
    at = f"at a patience of {significant(found['patience'])}"
    if found["delta"] is not None and found["delta"] <= found["patience"]:
        return (
            f"if {issuer} could take the shares back, keep what was paid and never sell again, it would respect the sale from a "
            f"patience of {significant(found['delta'])} on"
        )
    text = f"if {issuer} could take the shares back, keep what was paid and never sell again, it would: {at} "
    largest = found["largest_pct"]
    text += "no share would be respected" if largest is None else f"a share of up to {percent(largest)} would be respected"
    if found["least_recovered_pct"] is not None:
        text += f", or the whole one if the buyer could recover {percent(found['least_recovered_pct'])} of its dividends"
    return text


def _policy(story: Story, sold: Sold) -> str:
    """Where a sale turns round whether the issuer gains by protecting the sector; the term sheet has the figures."""
    found, issuer = sold["own_policy"], called(story.name(sold["issuer"]))
    if not found["turns"]:
        return ""
    parts = []
    for name, words in (("barrier", "one more point of cost at the border"), ("tariff", "one more point of duty")):
        before, after = found[name]["before_usd_mn"], found[name]["after_usd_mn"]
        verb = "brings" if before > 0 else "costs"
        parts.append(f"{words} on all imports of the sector {verb} {issuer} {money(before)} a year before the sale and "
                     f"{money(after)} after it" + (" with the opposite sign" if (before > 0) != (after > 0) else ""))  # fmt: skip
    return "; ".join(parts)


def _new(sold: Sold) -> str:
    if not sold["new_shares"]:
        return ""
    return f"the price becomes capital: {percent(sold['new_shares']['capital_pct'])} more of it in the sector"


def solved(story: Story) -> list[str]:
    """How far face value is from the equilibrium with owners and payments inside, and owners abroad today."""
    found = story.results["stakes"]
    largest = max((row["largest_difference_usd_mn"] for row in found["exact"]), default=0.0)
    texts = [
        "solved again with the new owners and the payments inside the equilibrium, the gains of the parties differ from those "
        f"in the tables by {money(largest)} a year at most, in any state of the world"
    ]
    every = [row for row in found["home_shares"] if row["over_nothing_usd_mn"] is not None]
    whole, rest = every[0], every[1:]
    issuers = list(dict.fromkeys(one["issuer"] for one in found["list"]))
    if rest:
        parts = [f"{_worth(story, row, issuers)} if they hold {percent(100 * row['home_share'])}" for row in rest]
        counted = ", as its government counts," if story.results.get("counting") == "governments" else ""
        texts.append(
            "who owns the enterprises today is not known, and the tables suppose that residents do: the package with all shares "
            f"sold is worth{counted} {_worth(story, whole, issuers)} a year if residents hold them all, and {listed(parts)}"
        )
    if len(every) < len(found["home_shares"]):
        texts.append("where residents hold less than is sold, the sale cannot take place")
    return [sentence(text) for text in texts]


def _worth(story: Story, row: Mapping[str, Any], issuers: list[str]) -> str:
    return listed([f"{usd(row['over_nothing_usd_mn'][code])} to {called(story.name(code))}" for code in issuers])
