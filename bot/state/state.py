"""Keeps what the bot has to remember."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Executable,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from bot.state.models import (
    TOKEN_LIFE,
    AnswerRecord,
    JobMessage,
    RebuildRecord,
    RemovedArticles,
    ServerFigures,
    ServerSettings,
    WaitingInteraction,
)
from bot.state.rows import (
    Row,
    Values,
    answer_of,
    answer_values,
    parsed,
    rebuild_of,
    rebuild_values,
    server_of,
    server_values,
)
from bot.state.tables import (
    MIGRATIONS,
    answers,
    facts,
    job_messages,
    ratings,
    rebuilds,
    removed_articles,
    servers,
    usage,
    waiting,
)
from index import Database

_PURGED_AT_ONCE = 500
_DIRECT = 0


class State:
    """What the bot remembers of servers, answers and people.

    Every write is whole or absent, ends also when its caller is cancelled, and is on disk when it returns. Every method
    raises StoreError if the database fails. A row that this version cannot read counts as absent, and is logged.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Read for every message in a server. Discord sends the events of a server to one process only.
        self._servers: dict[int, ServerSettings] = {}
        self._changing = asyncio.Lock()

    @classmethod
    async def open(cls, address: str) -> Self:
        """Open the database, that of the library as a rule; its tables are made or brought up to date.

        Args:
            address: `sqlite+aiosqlite:///file`, `sqlite:///file` or `postgresql+asyncpg://…`.

        Raises:
            StoreError: The database cannot be opened.
            NewerStoreError: A newer Footnote has written it; nothing was changed.
        """
        return cls(await Database.open(address, MIGRATIONS))

    async def close(self) -> None:
        """Close all connections; closing twice is fine."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # Servers

    async def server(self, guild_id: int) -> ServerSettings:
        """The settings of a server; the defaults if none were saved."""
        known = self._servers.get(guild_id)
        if known is not None:
            return known
        row = _first(await self._database.read(select(servers).where(servers.c.guild_id == guild_id)))
        found = None if row is None else parsed(server_of, row)
        # What was saved while this was read is newer.
        return self._servers.setdefault(guild_id, found or ServerSettings(guild_id))

    async def save_server(self, settings: ServerSettings) -> None:
        """Save the settings of a server in place of those before."""

        def work(connection: Connection) -> None:
            _put(connection, servers, server_values(settings))

        await self._change_server(settings, work)

    async def change_server(self, guild_id: int, change: Callable[[ServerSettings], ServerSettings]) -> ServerSettings:
        """Make new settings of a server out of those that it has, save and return them; of two at once, both count."""
        async with self._changing:
            settings = change(await self.server(guild_id))
            await self.save_server(settings)
        return settings

    async def forget_server(self, guild_id: int) -> None:
        """Delete all that is kept of a server, except its articles."""

        def work(connection: Connection) -> None:
            for table in (servers, answers, usage, removed_articles, rebuilds, job_messages):
                connection.execute(delete(table).where(table.c.guild_id == guild_id))

        await self._change_server(ServerSettings(guild_id), work)

    async def _change_server(self, settings: ServerSettings, work: Callable[[Connection], None]) -> None:
        """Write, and remember the settings as they are after that."""

        def write_and_remember(connection: Connection) -> None:
            work(connection)
            # Within the transaction: of two that change one server at once, the later one is remembered.
            self._servers[settings.guild_id] = settings

        try:
            await self._database.write(write_and_remember)
        except BaseException:
            # Perhaps it was not saved: the next reader looks.
            self._servers.pop(settings.guild_id, None)
            raise

    # Answers

    async def record(self, answer: AnswerRecord) -> None:
        """Keep an answer. It replaces one with the same id, whose ratings are deleted: they were not for this one."""
        await self._database.write(lambda connection: _put(connection, answers, answer_values(answer)))

    async def attach(self, answer_id: str, *, channel_id: int, message_id: int) -> None:
        """Note in which message of the bot an answer stands; nothing happens if it is not kept any more."""
        await self._execute(
            update(answers).where(answers.c.id == answer_id).values(channel_id=channel_id, message_id=message_id)
        )

    async def answer(self, answer_id: str) -> AnswerRecord | None:
        """The answer with this id."""
        return await self._answer(answers.c.id == answer_id)

    async def answer_by_message(self, message_id: int) -> AnswerRecord | None:
        """The answer in this message of the bot, the last one if there were several."""
        return await self._answer(answers.c.message_id == message_id)

    async def answer_to_message(self, question_message_id: int) -> AnswerRecord | None:
        """The answer to the question in this message, the last one if there were several."""
        return await self._answer(answers.c.question_message_id == question_message_id)

    async def _answer(self, wanted: ColumnElement[bool]) -> AnswerRecord | None:
        row = _first(
            await self._database.read(select(answers).where(wanted).order_by(answers.c.asked_at.desc()).limit(1))
        )
        return None if row is None else parsed(answer_of, row)

    async def delete_answer(self, answer_id: str) -> bool:
        """Delete an answer with its ratings; tells whether there was one."""
        return await self._execute(delete(answers).where(answers.c.id == answer_id)) > 0

    async def rate(self, answer_id: str, user_id: int, is_helpful: bool) -> None:
        """Keep what somebody says of an answer, in place of what they said before.

        Nothing happens if the answer is not kept any more.
        """

        def work(connection: Connection) -> None:
            connection.execute(_row(ratings, {"answer_id": answer_id, "user_id": user_id}))
            rated = select(answers.c.id, literal(user_id), answers.c.guild_id, literal(is_helpful))
            connection.execute(insert(ratings).from_select(ratings.c.keys(), rated.where(answers.c.id == answer_id)))

        await self._database.write(work)

    async def ratings(self, guild_id: int) -> tuple[int, int]:
        """How often answers in a server were called helpful, and not helpful."""
        rows = await self._database.read(
            select(ratings.c.is_helpful, func.count())
            .where(ratings.c.guild_id == guild_id)
            .group_by(ratings.c.is_helpful)
        )
        counts: dict[bool, int] = {bool(is_helpful): count for is_helpful, count in rows}
        return counts.get(True, 0), counts.get(False, 0)

    async def figures(self, guild_id: int) -> ServerFigures:
        """Figures of the answers in a server that are kept."""
        here = answers.c.guild_id == guild_id
        ((questions,),) = await self._database.read(select(func.count()).select_from(answers).where(here))
        # One row in the middle of an odd number, two in that of an even one.
        middle = max(0, questions - 1) // 2
        in_order = select(answers.c.took_ms).where(here).order_by(answers.c.took_ms)
        rows = await self._database.read(in_order.offset(middle).limit(2 - questions % 2))
        helpful, not_helpful = await self.ratings(guild_id)
        median_ms = sum(row[0] for row in rows) / len(rows) if rows else None
        return ServerFigures(questions, median_ms, helpful, not_helpful)

    # People

    async def forget_user(self, user_id: int) -> int:
        """Delete all that is kept of a person, in all servers and in direct messages.

        Returns:
            How many questions were deleted.
        """

        def work(connection: Connection) -> int:
            connection.execute(delete(ratings).where(ratings.c.user_id == user_id))
            connection.execute(delete(usage).where(usage.c.user_id == user_id))
            connection.execute(update(rebuilds).where(rebuilds.c.asked_by == user_id).values(asked_by=None))
            deleted = connection.execute(delete(answers).where(answers.c.asker_id == user_id))
            return deleted.rowcount

        return await self._database.write(work)

    async def count_question(self, guild_id: int | None, user_id: int, day: date) -> tuple[int, int]:
        """Count one more question of a day.

        Args:
            guild_id: None for direct messages, which count together as if they were a server.

        Returns:
            How many this person asked there on that day, and how many everybody did; both with this one.
        """
        there = (usage.c.guild_id == (guild_id or _DIRECT)) & (usage.c.day == day)
        theirs = there & (usage.c.user_id == user_id)

        def work(connection: Connection) -> tuple[int, int]:
            counted = connection.execute(update(usage).where(theirs).values(questions=usage.c.questions + 1))
            if not counted.rowcount:
                first = {"guild_id": guild_id or _DIRECT, "day": day, "user_id": user_id, "questions": 1}
                connection.execute(insert(usage).values(first))
            of_user = connection.execute(select(usage.c.questions).where(theirs)).scalar_one()
            of_all = connection.execute(select(func.sum(usage.c.questions)).where(there)).scalar_one()
            return int(of_user), int(of_all)

        return await self._database.write(work)

    async def uncount_question(self, guild_id: int | None, user_id: int, day: date) -> None:
        """Take back one count of `count_question`; nothing happens if there is none."""
        theirs = and_(
            usage.c.guild_id == (guild_id or _DIRECT),
            usage.c.day == day,
            usage.c.user_id == user_id,
            usage.c.questions > 0,
        )
        await self._execute(update(usage).where(theirs).values(questions=usage.c.questions - 1))

    # Removed articles

    async def keep_removed(self, token: str, guild_id: int, payload: str, expires_at: datetime) -> None:
        """Keep what `Library.take_out` returned."""
        values = {"token": token, "guild_id": guild_id, "expires_at": expires_at, "payload": payload}
        await self._database.write(lambda connection: _put(connection, removed_articles, values))

    async def removed(self, token: str) -> RemovedArticles | None:
        """What was kept under a token; it may have expired and not be purged yet."""
        row = _first(await self._database.read(select(removed_articles).where(removed_articles.c.token == token)))
        if row is None:
            return None
        _, guild_id, expires_at, payload = row
        return RemovedArticles(token, guild_id, payload, expires_at)

    async def drop_removed(self, token: str) -> None:
        """Forget what was kept under a token."""
        await self._execute(_row(removed_articles, {"token": token}))

    # Rebuilds and interactions that a restart interrupts

    async def save_rebuild(self, rebuild: RebuildRecord) -> None:
        """Save how far a rebuild is, in place of what was saved of it before."""
        await self._database.write(lambda connection: _put(connection, rebuilds, rebuild_values(rebuild)))

    async def unfinished_rebuilds(self) -> list[RebuildRecord]:
        """The rebuilds whose last known state is "running", oldest first."""
        running = select(rebuilds).where(rebuilds.c.state == "running").order_by(rebuilds.c.started_at)
        found = (parsed(rebuild_of, row) for row in await self._database.read(running))
        return [rebuild for rebuild in found if rebuild is not None]

    async def keep_job_message(self, message: JobMessage) -> None:
        """Keep where the progress of a job is shown, so that the next process can go on with it."""
        await self._database.write(lambda connection: _put(connection, job_messages, asdict(message)))

    async def drop_job_message(self, job_id: str) -> None:
        """Forget the message of a job that is over."""
        await self._execute(_row(job_messages, {"job_id": job_id}))

    async def job_messages(self) -> list[JobMessage]:
        """The messages of jobs that were not over when they were last seen, oldest first."""
        rows = await self._database.read(select(job_messages).order_by(job_messages.c.created_at))
        return [JobMessage(*row) for row in rows]

    async def keep_waiting(self, interaction: WaitingInteraction) -> None:
        """Keep an interaction that was told "thinking", so that the next process can answer it."""
        await self._database.write(lambda connection: _put(connection, waiting, asdict(interaction)))

    async def drop_waiting(self, interaction_id: int) -> None:
        """Forget an interaction that has its answer."""
        await self._execute(_row(waiting, {"interaction_id": interaction_id}))

    async def waiting(self) -> list[WaitingInteraction]:
        """The interactions without an answer, oldest first; the tokens of some may have expired."""
        rows = await self._database.read(select(waiting).order_by(waiting.c.created_at))
        return [WaitingInteraction(*row) for row in rows]

    # Facts

    async def value(self, key: str) -> str | None:
        """A single fact by its name."""
        row = _first(await self._database.read(select(facts.c.value).where(facts.c.key == key)))
        return None if row is None else str(row[0])

    async def set_value(self, key: str, value: str) -> None:
        """Keep a single fact."""
        await self._database.write(lambda connection: _put(connection, facts, {"key": key, "value": value}))

    # Cleaning

    async def purge(self, now: datetime, keep_days: int) -> int:
        """Delete what is past its time.

        Answers with their ratings, counts of questions and rebuilds are kept for some days; removed articles until they
        expire, and waiting interactions until their token does.

        Returns:
            How many rows were deleted, ratings aside.
        """
        oldest = now - timedelta(days=keep_days)
        deleted = 0
        for column, limit in (
            (answers.c.asked_at, oldest),
            (usage.c.day, oldest.date()),
            (rebuilds.c.started_at, oldest),
            (job_messages.c.created_at, oldest),
            (removed_articles.c.expires_at, now),
            (waiting.c.created_at, now - TOKEN_LIFE),
        ):
            deleted += await self._purge(column, limit)
        return deleted

    async def _purge(self, column: Column[Any], limit: date) -> int:
        """Delete rows before a limit, some at a time, so that others can write in between."""
        table = column.table
        key = tuple_(*table.primary_key)
        old = select(*table.primary_key).where(column < limit).limit(_PURGED_AT_ONCE)
        deleted = 0
        while some := await self._execute(delete(table).where(key.in_(old))):
            deleted += some
        return deleted

    async def _execute(self, statement: Executable) -> int:
        """Run one statement and return the number of its rows."""
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def _first(rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


def _row(table: Table, values: Values) -> Delete:
    """Delete the row with the primary key that `values` hold."""
    return delete(table).where(and_(*(column == values[column.name] for column in table.primary_key)))


def _put(connection: Connection, table: Table, values: Values) -> None:
    """Insert a row in place of the one with its primary key; what hangs on the old one is deleted with it."""
    connection.execute(_row(table, values))
    connection.execute(insert(table).values(values))
