"""Ratings, figures, counted questions, and forgetting a person."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.state import ServerFigures, State
from tests.unit.state.samples import ADA, BOB, ONE, TODAY, TWO, answer, count, execute, ids_in, rebuild


async def test_the_last_rating_of_a_person_counts(state: State) -> None:
    await state.record(answer("a"))
    await state.record(answer("b"))
    await state.rate("a", ADA, True)
    await state.rate("a", BOB, True)
    await state.rate("b", BOB, True)

    await state.rate("a", BOB, False)

    assert await state.ratings(ONE) == (2, 1)
    assert await state.ratings(TWO) == (0, 0)


async def test_a_rating_of_an_answer_that_is_gone_is_not_kept(path: Path, state: State) -> None:
    await state.rate("gone", ADA, True)

    assert count(path, "discord_ratings") == 0


async def test_a_rating_in_direct_messages_belongs_to_no_server(path: Path, state: State) -> None:
    await state.record(answer(guild_id=None))
    await state.rate("a", ADA, True)

    assert count(path, "discord_ratings") == 1
    assert await state.ratings(ONE) == (0, 0)


@pytest.mark.parametrize(
    ("times", "median"),
    [([], None), ([3.0], 3.0), ([3.0, 1.0], 2.0), ([9.0, 1.0, 2.0], 2.0), ([9.0, 1.0, 2.0, 4.0], 3.0)],
)
async def test_figures_tell_the_median_time(state: State, times: list[float], median: float | None) -> None:
    for number, took_ms in enumerate(times):
        await state.record(answer(f"a{number}", took_ms=took_ms))
    await state.record(answer("other", guild_id=TWO, took_ms=100.0))

    assert await state.figures(ONE) == ServerFigures(len(times), median, 0, 0)


async def test_a_person_is_forgotten_everywhere_and_nobody_else(path: Path, state: State) -> None:
    for name, asker, guild_id in (("a", ADA, ONE), ("b", BOB, ONE), ("c", ADA, None), ("d", ADA, TWO)):
        await state.record(answer(name, asker_id=asker, guild_id=guild_id))
        await state.rate(name, ADA, True)
        await state.rate(name, BOB, False)
        await state.count_question(guild_id, asker, TODAY)
    await state.save_rebuild(rebuild("r1", asked_by=ADA))
    await state.save_rebuild(rebuild("r2", asked_by=BOB))

    assert await state.forget_user(ADA) == 3
    assert await state.forget_user(ADA) == 0

    assert await state.answer("b") is not None
    assert await state.ratings(ONE) == (0, 1)
    assert execute(path, "SELECT answer_id, user_id FROM discord_ratings") == [("b", BOB)]
    assert execute(path, "SELECT user_id FROM discord_usage") == [(BOB,)]
    assert [each.asked_by for each in await state.unfinished_rebuilds()] == [None, BOB]
    assert not ids_in(path) & {ADA}


async def test_questions_are_counted_by_server_person_and_day(state: State) -> None:
    tomorrow = TODAY + timedelta(days=1)

    assert await state.count_question(ONE, ADA, TODAY) == (1, 1)
    assert await state.count_question(ONE, ADA, TODAY) == (2, 2)
    assert await state.count_question(ONE, BOB, TODAY) == (1, 3)
    assert await state.count_question(TWO, ADA, TODAY) == (1, 1)
    assert await state.count_question(None, ADA, TODAY) == (1, 1)
    assert await state.count_question(None, BOB, TODAY) == (1, 2)
    assert await state.count_question(ONE, ADA, tomorrow) == (1, 1)


async def test_a_count_is_taken_back_but_never_below_nothing(state: State) -> None:
    await state.count_question(ONE, ADA, TODAY)
    await state.count_question(ONE, BOB, TODAY)

    await state.uncount_question(ONE, ADA, TODAY)
    await state.uncount_question(ONE, ADA, TODAY)
    await state.uncount_question(TWO, ADA, TODAY)

    assert await state.count_question(ONE, ADA, TODAY) == (1, 2)


async def test_no_question_is_lost_when_many_are_counted_at_once(state: State) -> None:
    counts = await asyncio.gather(*(state.count_question(ONE, ADA, TODAY) for _ in range(40)))

    assert sorted(counts) == [(each, each) for each in range(1, 41)]
