"""What the reading process and its worker say to each other: framed JSON, every value checked where it arrives.

The worker has had strangers' bytes in its hands: it is not believed more than they are.
"""

import json
import struct
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from index.ingestion.extracting.entries import FeedEntry, FeedKind, ParsedFeed
from index.ingestion.extracting.sources import Limits, MemberBegun
from index.ingestion.files import FileArticle, storable
from index.ingestion.problems import Problem, UnusableSourceError

LENGTH = struct.Struct(">I")
"""Before each frame: its length in bytes."""

MAX_FRAME_BYTES = 64 * 1024 * 1024


class MessageError(Exception):
    """Something came that is no message."""


class Task(StrEnum):
    """What the worker is to do with a source."""

    ARTICLES = "articles"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Request:
    """A source to read: its bytes follow as a frame of their own, or `path` names a file.

    Attributes:
        skip: Members of an archive to leave out, from its beginning.
        cpu_s: Processor time for each article that comes of it.
    """

    task: Task
    name: str
    path: Path | None
    address: str | None
    media_type: str
    charset: str | None
    limits: Limits
    skip: int
    cpu_s: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end of what comes for one request."""


Reply = FileArticle | ParsedFeed | UnusableSourceError | MemberBegun | Done


def framed(content: bytes) -> bytes:
    """A frame around bytes."""
    return LENGTH.pack(len(content)) + content


def write_request(request: Request) -> bytes:
    """A request as a frame's content."""
    value = asdict(request) | {"path": None if request.path is None else str(request.path)}
    return json.dumps(value).encode()


def read_request(content: bytes) -> Request:
    """Read what `write_request` wrote."""
    value = json.loads(content)
    path = value.pop("path")
    limits = Limits(**value.pop("limits"))
    return Request(task=Task(value.pop("task")), path=None if path is None else Path(path), limits=limits, **value)


def write_reply(reply: Reply) -> bytes:
    """A reply as a frame's content."""
    value: dict[str, object]
    match reply:
        case FileArticle():
            published = None if reply.published_at is None else reply.published_at.isoformat()
            value = {"reply": "article"} | asdict(reply) | {"published_at": published}
        case ParsedFeed():
            entries = [
                [
                    one.key,
                    one.address,
                    one.title,
                    None if one.changed_at is None else one.changed_at.isoformat(),
                    one.content,
                ]
                for one in reply.entries
            ]
            value = {"reply": "feed"} | asdict(reply) | {"entries": entries}
        case UnusableSourceError():
            value = {"reply": "problem", "source": reply.path, "problem": reply.problem, "detail": reply.detail}
        case MemberBegun():
            value = {"reply": "begun", "number": reply.number, "name": reply.name}
        case Done():
            value = {"reply": "done"}
    return json.dumps(value).encode()


def read_reply(content: bytes) -> Reply:
    """Read what `write_reply` wrote, or what a worker that is no longer itself made up.

    Raises:
        MessageError: It is no reply.
    """
    try:
        value = json.loads(content)
        match value["reply"]:
            case "article":
                return FileArticle(
                    title=_text(value["title"]),
                    source=_text(value["source"]),
                    author=_optional(value["author"]),
                    published_at=_date(value["published_at"]),
                    language=_optional(value["language"]),
                    text=_text(value["text"]),
                    is_title_in_text=value["is_title_in_text"] is True,
                )
            case "feed":
                return ParsedFeed(
                    kind=FeedKind(value["kind"]),
                    title=_text(value["title"]),
                    entries=tuple(
                        FeedEntry(_text(key), _optional(address), _text(title), _date(date), _text(content))
                        for key, address, title, date, content in value["entries"]
                    ),
                    total=int(value["total"]),
                    interval_min=None if value["interval_min"] is None else int(value["interval_min"]),
                )
            case "problem":
                return UnusableSourceError(_text(value["source"]), Problem(value["problem"]), _text(value["detail"]))
            case "begun":
                return MemberBegun(int(value["number"]), _text(value["name"]))
            case "done":
                return Done()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MessageError(str(error)) from error
    raise MessageError("unknown kind")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return storable(value)


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _date(value: object) -> datetime | None:
    if value is None:
        return None
    date = datetime.fromisoformat(_text(value))
    if date.tzinfo is None:
        raise ValueError("a date without an offset")
    return date.astimezone(UTC)
