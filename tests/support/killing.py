"""Processes that are killed at work."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection


@contextmanager
def doomed(loaded: Sequence[str], target: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """A process that works for as long as the block lasts, and is killed at its end.

    Args:
        loaded: Modules that it has when it begins: loading them would take longer than it lives.
        target: What it does, with these arguments and, as the last, a connection on which it sends bytes.

    Yields:
        Where what it sends arrives.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*loaded, "pytest"])
    here, there = context.Pipe(duplex=False)
    with closing(here), closing(there):
        process = context.Process(target=target, args=(*arguments, there))
        process.start()
        yield here
        process.kill()
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
        process.close()


def wait_for_message(here: Connection) -> bytes:
    """What it has sent next, within 30 s."""
    assert here.poll(30)
    return here.recv_bytes()
