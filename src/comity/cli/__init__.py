"""The command line: each command asks one room and prints what it says."""

from comity.cli.commands import main

__all__ = ["main"]
