"""What the process tells on standard error: one line for one event, whatever is in it."""

import logging
import sys

from bot.concealment import concealed

_QUIET = ("alembic", "sqlalchemy", "aiosqlite", "asyncio", "markdown_it")
"""Libraries whose notices help their developers only; their warnings are shown."""


class OneLine(logging.Formatter):
    """A line with time, level and source. The cause of an error is named in it; where it happened is shown at DEBUG."""

    def __init__(self, *, shows_traces: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._shows_traces = shows_traces

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        if self._shows_traces:
            return super().format(record)
        cause = record.exc_info[1] if record.exc_info else None
        record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None, "stack_info": None})
        line = " ".join(super().format(record).split("\n"))
        return line if cause is None else f"{line}: {type(cause).__name__}: {' '.join(str(cause).split())}"


class Concealing(logging.Formatter):
    """What another formatter makes, without secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        return concealed(self._inner.format(record))


def set_up(level: str) -> None:
    """Log to standard error from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Concealing(OneLine(shows_traces=level == "DEBUG")))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for name in _QUIET:
            logging.getLogger(name).setLevel("WARNING")
