"""Names that a user wrote, made harmless: visible marks in place of hidden ones, and slugs for files and tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_CYRILLIC = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я і ў ә ғ қ ң ө ұ ү һ"
_LATIN = "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i u a g q n o u u h"
_LETTERS = {c: latin.strip("-") for c, latin in zip(_CYRILLIC.split(), _LATIN.split(), strict=True)}
_RESERVED = {"con", "prn", "aux", "nul", "none", "nothing", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names of devices in Windows, and the identities of no crisis and of the empty package."""


def visible(text: str) -> str:
    """Text in which control characters and marks that turn the direction of writing are shown as �, hence inert."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c != "\u200d" else c for c in text)


def slug(name: str, fallback: str, limit: int = 28) -> str:
    """A name as lower-case ASCII letters, digits and hyphens: safe in file names, addresses and tables."""
    latin = "".join(_LETTERS.get(c, c) for c in unicodedata.normalize("NFC", name).lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    text = "-".join(re.findall(r"[a-z0-9]+", plain))
    if len(text) > limit:
        text = text[:limit].rsplit("-", 1)[0] if "-" in text[:limit] else text[:limit]
    if not text:
        return fallback
    return f"{text}-{fallback.split('-')[0]}" if text in _RESERVED else text


def slugs(names: Iterable[str], kind: str) -> tuple[str, ...]:
    """One slug a name, all different: a second equal one gets a number."""
    taken: dict[str, int] = {}
    result = []
    for position, name in enumerate(names, start=1):
        text = slug(name, f"{kind}-{position}")
        while text in taken:
            taken[text] += 1
            text = f"{text}-{taken[text]}"
        taken[text] = 1
        result.append(text)
    return tuple(result)
