"""What can go wrong, by what the user can do about it; each class carries its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ComityError(Exception):
    """Base of every error that comity raises on purpose."""

    exit_code = 1


@dataclass(frozen=True)
class Problem:
    """One fault of an input: where it is, what is wrong, what to do."""

    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.message}" if place else self.message


class InputError(ComityError):
    """The input is wrong: mend it and run again. Lists every fault of the input at once."""

    exit_code = 2

    def __init__(self, problems: str | Problem | Sequence[Problem]):
        if isinstance(problems, str):
            problems = [Problem(problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotYetError(InputError):
    """The input asks for something that the file format knows and this version does not compute."""


class DataError(InputError):
    """A benchmark or a data file is damaged, incomplete or not in balance."""


class NoEquilibriumError(ComityError):
    """No equilibrium was found; names the worst equation, economy and sector."""

    exit_code = 3

    def __init__(self, message: str, *, residual: float = float("nan"), worst: str = ""):
        self.residual = residual
        self.worst = worst
        super().__init__(message)


class NotConvergedError(NoEquilibriumError):
    """The iteration ended before the equations held, and nothing shows that they cannot: no number is handed out."""


class StorageError(ComityError):
    """The results could not be written or read: disk full, folder read-only, locked by another run."""

    exit_code = 2


class InterruptedRun(ComityError):
    """The run was interrupted; what is finished stays and is reused."""

    exit_code = 4
