"""What is kept of answers: in the database, or in memory for as long as that cannot be written."""

import asyncio
from collections import OrderedDict
from dataclasses import replace

from bot.state import AnswerRecord, Attempts, State

_MOST_UNSAVED = 1_000
"""Answers whose buttons work from memory while the database cannot be written."""


class Records:
    """The answers of one bot; every method may be called from many tasks at once."""

    def __init__(self, state: State, attempts: Attempts) -> None:
        self._state = state
        self._attempts = attempts
        self._unsaved: OrderedDict[str, AnswerRecord] = OrderedDict()
        self._saving = asyncio.Lock()

    async def find(self, answer_id: str) -> AnswerRecord | None:
        """The answer with this id; None when it is not kept, or not any more.

        Raises:
            StoreError: The database cannot be read.
        """
        return self._unsaved.get(answer_id) or await self._state.answer(answer_id)

    async def keep(self, record: AnswerRecord) -> None:
        """Keep an answer in place of one with the same id; it stays in memory until the database takes it."""
        self._unsaved[record.id] = record
        while len(self._unsaved) > _MOST_UNSAVED:
            self._unsaved.popitem(last=False)
        await self._attempts.tried("an answer", self.save_rest())

    async def save_rest(self) -> None:
        """Save the answers that could not be saved when they were given.

        Raises:
            StoreError: They still cannot be saved.
        """
        for answer_id in list(self._unsaved):
            async with self._saving:
                record = self._unsaved.get(answer_id)
                if record is None:
                    continue
                await self._state.record(record)
                # What was attached meanwhile is saved the next time.
                if self._unsaved.get(answer_id) is record:
                    del self._unsaved[answer_id]

    async def attach(self, record: AnswerRecord, *, channel_id: int, message_id: int) -> None:
        """Note in which message of the bot an answer stands."""
        if record.id in self._unsaved:
            await self.keep(replace(record, channel_id=channel_id, message_id=message_id))
            return
        attached = self._state.attach(record.id, channel_id=channel_id, message_id=message_id)
        await self._attempts.tried("the message of an answer", attached)

    async def drop(self, record: AnswerRecord) -> None:
        """Forget an answer that was not shown."""
        if self._unsaved.pop(record.id, None) is None:
            await self._attempts.tried("that an answer was not shown", self._state.delete_answer(record.id))

    async def delete(self, record: AnswerRecord) -> None:
        """Delete an answer with its ratings.

        Raises:
            StoreError: It is still kept.
        """
        async with self._saving:
            self._unsaved.pop(record.id, None)
            await self._state.delete_answer(record.id)

    async def forget_user(self, user_id: int) -> int:
        """Delete all that is kept of a person, and tell how many questions that were; see `State.forget_user`."""
        async with self._saving:
            theirs = [record.id for record in self._unsaved.values() if record.asker_id == user_id]
            deleted = await self._state.forget_user(user_id)
            for answer_id in theirs:
                self._unsaved.pop(answer_id, None)
        return deleted + len(theirs)
