"""Writes `.env`: other lines of it stay, only its owner can read it, and it is never half written."""

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

_PLAIN = re.compile(r"[A-Za-z0-9_./:+@%,=~-]*")


class UnwritableValueError(ValueError):
    """A value that no `.env` can hold so that it is read back the same."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} has characters that .env cannot hold; set it in the environment instead")
        self.variable = variable


def read(path: Path) -> dict[str, str]:
    """What a file sets; nothing where there is none.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no text.
    """
    if not path.exists():
        return {}
    values = dotenv_values(stream=StringIO(path.read_text("utf-8")))
    return {name: value for name, value in values.items() if value is not None}


def merged(text: str, values: Mapping[str, str]) -> str:
    """The text of a file with these values: where a variable stands already in its place, else at the end.

    Raises:
        UnwritableValueError: A value would not be read back the same.
    """
    left = dict(values)
    parts = []
    for binding in parse_stream(StringIO(text)):
        original = binding.original.string
        if binding.key not in values:
            parts.append(original)
        elif binding.key in left:
            # What stands before the variable, as blank lines, belongs to the binding.
            front = original[: len(original) - len(original.lstrip())]
            parts.append(f"{front}{_line(binding.key, left.pop(binding.key))}")
    kept = "".join(parts)
    separator = "" if not kept or kept.endswith("\n") else "\n"
    made = kept + separator + "".join(_line(name, value) for name, value in left.items())
    read_back = dotenv_values(stream=StringIO(made))
    for name, value in values.items():
        if read_back.get(name) != value:
            raise UnwritableValueError(name)
    return made


def write(path: Path, values: Mapping[str, str]) -> None:
    """Set these values in a file, in one step: before it the old file is there, and after it the new one.

    The file can be read and written by its owner only. A link stays one; what it leads to is written.

    Raises:
        OSError: It cannot be written.
        UnicodeDecodeError: The old file is no text.
        UnwritableValueError: See `merged`.
    """
    target = path.resolve()
    made = merged(target.read_text("utf-8") if target.exists() else "", values)
    # mkstemp makes the file with mode 0600, before a secret is in it.
    descriptor, name = tempfile.mkstemp(prefix=".env.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}\n"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'\n"
