"""What every engine does: build, save, open, answer, and change where it can; and the clock that counts it.

Packages are imported inside methods: peers are optional, and a process that measures memory must hold one engine only.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmarks.speed.corpus import Asked, Corpus

TOP_K = 10
K1, B = 1.2, 0.75
"""tantivy's and FTS5's fixed parameters, given to the others too."""

Ready = Callable[[], int]
"""Answers one prepared question and returns how many passages were found."""

Prepare = Callable[["Asked"], Ready]

More = tuple[str, list[str], list[list[int]]]
"""An article to be added: title, passages as text, passages as term ids."""


class Clock:
    """Counts what a build costs, without what the benchmark itself does to make the input.

    Other threads are counted all the time: tantivy's writer works on while this thread makes the next input.
    """

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self._own = 0.0
        self._process, self._thread = time.process_time(), time.thread_time()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread does inside, as this part."""
        own, wall = time.thread_time(), time.perf_counter()
        try:
            yield
        finally:
            self._own += time.thread_time() - own
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall

    def cpu_s(self) -> float:
        """CPU seconds of all parts, and of all other threads since the clock was made."""
        others = time.process_time() - self._process - (time.thread_time() - self._thread)
        return self._own + others


class Changing(Protocol):
    """An open index that takes and drops single articles; a change can be found when the call returns."""

    def add(self, number: int, article: More) -> None:
        """Add an article under a number that was not used before."""

    def remove(self, number: int, article: More) -> None:
        """Remove an article that was added."""

    def passages(self) -> int:
        """Passages that can be found now."""


class Engine(Protocol):
    """What is measured of an engine."""

    name: str
    keeps: bool
    """Whether an index can be saved; one that cannot is built anew by `open`."""

    def load_modules(self) -> None:
        """Import what `open` and answering need.

        Raises:
            ImportError: The engine is not installed.
        """

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """Build and save into an empty folder, as the clock's parts "build" and "save"."""

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:
        """Open what `build` saved."""

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:
        """Open for changes; None when the engine cannot do it. Passages are numbered from `first`."""
