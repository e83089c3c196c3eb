"""Messages that show how far work is: whatever Discord refuses, the work goes on."""

import aiohttp
import discord
import pytest

from bot.views import boards
from bot.views.boards import edited

FAILURES = [discord.RateLimited(90.0), aiohttp.ServerDisconnectedError(), ConnectionResetError(104, "reset")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
async def test_an_edit_that_fails_is_no_error(failure: Exception) -> None:
    async def edit() -> None:
        raise failure

    assert not await edited(edit, is_last=False)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
async def test_the_last_edit_is_tried_again(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "_LAST_PAUSES_S", (0.0, 0.0))
    failures = [failure, failure]

    async def edit() -> None:
        if failures:
            raise failures.pop()

    assert await edited(edit, is_last=True)
