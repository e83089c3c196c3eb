"""Files of JSON Lines whose lines are objects with known keys: what is wrong is told with file, line and key."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from index.errors import UnreadableFileError
from index.ingestion.problems import Problem

_MOST = 2**31 - 1
"""What every database holds as a whole number."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What lines are, for whoever wrote one that is not.

    Attributes:
        kind: With its article, as in "an article".
        keys: What each line has at least, in order.
    """

    kind: str
    keys: Sequence[str]

    def __str__(self) -> str:
        return f"each line is an object, {self.kind}, with {', '.join(map(_quoted, self.keys))}"


@dataclass(frozen=True, slots=True)
class Record:
    """A line. What is asked for by a key and is not there, or of another kind, raises UnreadableFileError."""

    file: str
    number: int
    shape: Shape
    values: Mapping[str, object] = field(repr=False)

    @classmethod
    def read(cls, line: str, file: str, number: int, shape: Shape) -> "Record":
        """Read a line.

        Args:
            file: What errors call the file.
            number: Of the line, from 1.

        Raises:
            UnreadableFileError: It is no JSON, no object, or lacks a key.
        """
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise _bad(file, number, f"is not JSON ({error.msg}, column {error.colno}); {shape}") from error
        except (ValueError, RecursionError) as error:
            raise _bad(file, number, f"is not JSON; {shape}") from error
        if not isinstance(values, dict):
            raise _bad(file, number, f"is no object; {shape}")
        missing = next((key for key in shape.keys if key not in values), None)
        if missing is not None:
            raise _bad(file, number, f"has no {_quoted(missing)}; {shape}")
        return cls(file, number, shape, values)

    def text(self, key: str, *, may_be_empty: bool = False) -> str:
        """A text; white space alone is an empty one. A number, as ids are at times, is taken as it is written."""
        value = self.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        # JSON can name half of a letter, which no store can hold.
        text = value.encode("utf-8", "replace").decode("utf-8")
        if not (text.strip() or may_be_empty):
            raise self.wrong(key, "a text that is not empty")
        return text

    def text_or_none(self, key: str) -> str | None:
        """A text, or None for null and for a key that is not there."""
        return None if self.values.get(key) is None else self.text(key, may_be_empty=True)

    def texts(self, key: str) -> list[str]:
        """A list of texts; it may be empty."""
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "a list of texts")
        return [one.encode("utf-8", "replace").decode("utf-8") for one in value]

    def count(self, key: str) -> int:
        """A whole number from 1 on."""
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
            raise self.wrong(key, "a whole number from 1 on")
        return value

    def moment(self, key: str) -> datetime:
        """A time with its zone."""
        try:
            moment = datetime.fromisoformat(self.text(key))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise self.wrong(key, "a time with its zone, such as 2024-03-09T08:30:00+00:00")
        return moment

    def moment_or_none(self, key: str) -> datetime | None:
        """A time, or None for null and for a key that is not there."""
        return None if self.values.get(key) is None else self.moment(key)

    def wrong(self, key: str, expected: str) -> UnreadableFileError:
        """The error that the value of a key is not what it has to be."""
        return _bad(self.file, self.number, f"has as {_quoted(key)} something else than {expected}")


def unreadable(path: Path, error: OSError) -> UnreadableFileError:
    """What the system says of a file, in the words that it has for it."""
    if isinstance(error, FileNotFoundError):
        return UnreadableFileError(str(path), "there is no such file", Problem.NO_FILE)
    return UnreadableFileError(str(path), f"it cannot be read ({error.strerror})", Problem.NOT_READABLE)


def _bad(file: str, number: int, what: str) -> UnreadableFileError:
    return UnreadableFileError(file, f"line {number} {what}", Problem.BAD_LINE)


def _quoted(key: str) -> str:
    return f'"{key}"'
