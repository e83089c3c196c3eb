"""The process in which strangers' bytes are read. It has no secrets, little memory, and can be lost at any time."""

import contextlib
import math
import os
import resource
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from index.ingestion.extracting.extract import extract
from index.ingestion.extracting.sources import Source
from index.ingestion.messages import LENGTH, Done, Reply, Request, Task, framed, read_request, write_reply
from index.ingestion.problems import Problem, UnusableSourceError

_OPEN_FILES = 64


def main(memory_bytes: int) -> None:
    """Read requests from standard input and answer them on standard output until the input ends.

    Args:
        memory_bytes: How much may be allocated beyond what is there at the start.
    """
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A library that prints must not speak in our name.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    _limit(memory_bytes)

    def send(reply: Reply) -> None:
        replies.write(framed(write_reply(reply)))
        replies.flush()

    while (request := _next_request(requests)) is not None:
        if not _serve(*request, send):
            return


def _limit(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    with contextlib.suppress(OSError, ValueError):  # macOS knows no limit of the address space
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _renew_time(cpu_s: int) -> None:
    """Allow so many more seconds of processor time; the system ends the process after that."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + cpu_s, hard))


def _next_request(requests: BinaryIO) -> tuple[Request, bytes] | None:
    content = _read_frame(requests)
    if content is None:
        return None
    payload = _read_frame(requests)
    return None if payload is None else (read_request(content), payload)


def _read_frame(stream: BinaryIO) -> bytes | None:
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(header)
    content = stream.read(length)
    return content if len(content) == length else None


def _serve(request: Request, payload: bytes, send: Callable[[Reply], None]) -> bool:
    """Answer one request; tell whether this process is fit for another."""
    fit = True
    try:
        _renew_time(request.cpu_s)
        with _opened(request, payload) as source:
            for reply in _replies(request, source):
                send(reply)
                _renew_time(request.cpu_s)
    except UnusableSourceError as error:
        send(error)
    except MemoryError:
        fit = False
        send(UnusableSourceError(request.name, Problem.TOO_MUCH_MEMORY))
    except RecursionError:
        send(UnusableSourceError(request.name, Problem.DAMAGED, "too much is within each other"))
    except Exception as error:  # whatever a library makes of hostile bytes: it is this file's problem alone
        send(UnusableSourceError(request.name, Problem.CRASHED, type(error).__name__))
    send(Done())
    return fit


def _replies(request: Request, source: Source) -> Iterator[Reply]:
    match request.task:
        case Task.ARTICLES:
            yield from extract(source, request.limits)
        case Task.FEED:
            from index.ingestion.extracting.feed import parse_feed

            yield parse_feed(source, request.limits)


@contextlib.contextmanager
def _opened(request: Request, payload: bytes) -> Iterator[Source]:
    with contextlib.ExitStack() as stack:
        stream: BinaryIO = BytesIO(payload)
        size = len(payload)
        if request.path is not None:
            try:
                stream = stack.enter_context(request.path.open("rb"))
                size = os.fstat(stream.fileno()).st_size
            except OSError as error:
                raise UnusableSourceError(request.name, Problem.DAMAGED, error.strerror or "") from error
        yield Source(request.name, stream, size, request.address, request.media_type, request.charset, request.skip)
