"""What a command of a test finds around it."""

from __future__ import annotations

import os
from pathlib import Path


def as_users_have(cache: Path) -> dict[str, str]:
    """The environment with an empty cache of results, and with programs compiled as users have them: for what solves much."""
    return {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | {"COMITY_CACHE": str(cache)}
