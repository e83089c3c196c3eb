"""What `footnote doctor` and `/doctor` find: a line for each thing that was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something should be done all the same."""
    FAILURE = "failure"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: where, what was found, and what to do about it, if anything."""

    topic: str
    level: Level
    text: str
    advice: str | None = None


def is_failure(findings: Sequence[Finding]) -> bool:
    """Whether something does not work."""
    return any(finding.level is Level.FAILURE for finding in findings)
