"""What the process tells on standard error: one line for one event, as text for people or as JSON for programs."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from bot.concealment import concealed

_QUIET = ("alembic", "sqlalchemy", "aiosqlite", "asyncio", "markdown_it")
"""Libraries whose notices help their developers only; their warnings are shown."""

_FRANK = ("aiosqlite", "sqlalchemy")
"""Libraries that tell every value and every row of the database at DEBUG: texts, questions, tokens of interactions."""

_FIELDS = "footnote_fields"

Field = str | int | float | bool | None | Mapping[str, float]


def fields(**values: Field) -> Mapping[str, Mapping[str, Field]]:
    """Facts of an event, as `extra` of a call to a logger: keys of their own in JSON, key=value in text."""
    return {_FIELDS: values}


class OneLine(logging.Formatter):
    """A line with time, level and source. The cause of an error is named in it; where it happened is shown at DEBUG."""

    def __init__(self, *, shows_traces: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._shows_traces = shows_traces

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        facts = "".join(f" {key}={_spelled(value)}" for key, value in _facts(record).items() if value is not None)
        if facts:
            record = logging.makeLogRecord(record.__dict__ | {"msg": record.getMessage() + facts, "args": None})
        if self._shows_traces:
            return super().format(record)
        cause = record.exc_info[1] if record.exc_info else None
        record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None, "stack_info": None})
        line = " ".join(super().format(record).split("\n"))
        return line if cause is None else f"{line}: {type(cause).__name__}: {' '.join(str(cause).split())}"


class JsonLine(logging.Formatter):
    """A JSON object on one line: `time` (UTC), `level`, `logger`, `message`, the event's own facts, and `exception`.

    `exception` is the whole trace as one text. Secrets are taken out of each text by itself, so that it stays JSON.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in _facts(record).items() if value is not None and key not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        line = {key: concealed(value) if isinstance(value, str) else value for key, value in line.items()}
        # ASCII, so that neither a lone surrogate nor a line separator of Unicode breaks a line.
        return json.dumps(line, default=str)


class Concealing(logging.Formatter):
    """What another formatter makes, without secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        return concealed(self._inner.format(record))


def set_up(level: str, kind: Literal["auto", "json", "text"] = "auto", *, is_service: bool = False) -> bool:
    """Log to standard error from this level on.

    Args:
        kind: See the setting LOG_FORMAT.
        is_service: Whether this is a process that runs on and on, whose log is read by programs as a rule.

    Returns:
        Whether lines are JSON.
    """
    is_json = kind == "json" or (kind == "auto" and is_service and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if is_json else Concealing(OneLine(shows_traces=level == "DEBUG")))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Warnings of Python and of libraries, in the same form.
    logging.captureWarnings(is_service)
    for name in _FRANK:
        logging.getLogger(name).setLevel("INFO")
    if level != "DEBUG":
        for name in _QUIET:
            logging.getLogger(name).setLevel("WARNING")
    return is_json


def _facts(record: logging.LogRecord) -> Mapping[str, Field]:
    facts: Mapping[str, Field] = getattr(record, _FIELDS, {})
    return facts


def _spelled(value: Field) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{number:.1f}" for key, number in value.items()) or "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and not value.isalnum() else str(value)
