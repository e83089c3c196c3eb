"""Telling nobody the same thing twice for a while."""

from bot.told import Told


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_nobody_is_told_again_before_the_time_is_over() -> None:
    clock = Clock()
    told = Told(clock)
    assert told.is_first("alice", 60)

    clock.now += 59
    assert not told.is_first("alice", 60)
    clock.now += 1
    assert told.is_first("alice", 60)


def test_others_are_told_all_the_same() -> None:
    told = Told(Clock())

    assert told.is_first(("alice", 1), 60)
    assert told.is_first(("alice", 2), 60)
    assert told.is_first(("bob", 1), 60)


def test_what_is_over_already_is_told_each_time() -> None:
    told = Told(Clock())

    assert told.is_first("alice", -5)
    assert told.is_first("alice", 0)
