"""Who may ask now: limits in a minute and in a day, of one person and of one server. Knows no Discord object."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from bot.errors import TooManyQuestionsError
from bot.settings import Settings
from bot.state import Attempts, State

_MINUTE = timedelta(minutes=1)
_MOST_WATCHED = 20_000
"""Askers whose last minute is remembered at most."""


class Window:
    """At most `most` events of one key in any minute; 0 means no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[int, deque[datetime]] = OrderedDict()

    def take(self, key: int, now: datetime) -> datetime | None:
        """Count an event, or say when there will be room for one."""
        if not self._most:
            return None
        seen = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_WATCHED:
            self._seen.popitem(last=False)
        if seen and seen[-1] > now:
            # The clock was put back: these moments say nothing any more.
            seen.clear()
        while seen and now - seen[0] >= _MINUTE:
            seen.popleft()
        if len(seen) >= self._most:
            return seen[0] + _MINUTE
        seen.append(now)
        return None


class Admission:
    """Counts questions against every limit.

    Args:
        now: The clock.
    """

    def __init__(self, state: State, settings: Settings, attempts: Attempts, now: Callable[[], datetime]) -> None:
        self._state = state
        self._attempts = attempts
        self._now = now
        self._users = Window(settings.questions_per_minute)
        self._servers = Window(settings.server_questions_per_minute)

    async def admit(self, user_id: int, guild_id: int | None) -> None:
        """Count a question; `guild_id` None for a direct message, which has no limits a day.

        Raises:
            TooManyQuestionsError: This person or this server has asked too much.
        """
        now = self._now()
        if (retry_at := self._users.take(user_id, now)) is not None:
            raise TooManyQuestionsError(retry_at, is_server=False)
        if guild_id is None:
            return
        if (retry_at := self._servers.take(guild_id, now)) is not None:
            raise TooManyQuestionsError(retry_at, is_server=True)
        server = await self._state.server(guild_id)
        if server.user_daily_limit is None and server.server_daily_limit is None:
            return
        today = now.date()
        counting = self._state.count_question(guild_id, user_id, today)
        counted = await self._attempts.tried("a count of questions", counting)
        if counted is None:
            return
        of_user, of_server = counted
        over_user = server.user_daily_limit is not None and of_user > server.user_daily_limit
        over_server = server.server_daily_limit is not None and of_server > server.server_daily_limit
        if over_user or over_server:
            uncounting = self._state.uncount_question(guild_id, user_id, today)
            await self._attempts.tried("a count of questions", uncounting)
            tomorrow = datetime.combine(today + timedelta(days=1), time(), UTC)
            raise TooManyQuestionsError(tomorrow, is_server=not over_user)
