"""What people do: members ask, an admin keeps the articles."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field

from tests.soak.ledger import Ferry, Ledger
from tests.support.discord import Actor, Channel, Discord, Interaction, Message, NotOfferedError
from tests.support.discord.filling import Filled

PATIENCE_S = 10.0
"""Who has waited for so long goes away, and the question counts as unanswered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `at` counts seconds from the beginning; `took_s` is None when nothing came."""

    at: float
    way: str
    took_s: float | None
    is_excused: bool


@dataclass
class Experience:
    """What people have seen.

    Attributes:
        wrong: Answers that must not be.
        done: What the admin did, and Discord acknowledged.
        undone: What the admin tried and got no word of, because the process was killed.
        rebuilds: The messages that show how far a rebuild is.
    """

    began: float
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    undone: Counter[str] = field(default_factory=Counter)
    rebuilds: int = 0


class Outages:
    """When the process was not there: what was asked then need not be answered."""

    def __init__(self) -> None:
        self._is_up = asyncio.Event()
        self._is_up.set()
        self._count = 0

    @property
    def count(self) -> int:
        """How many there were so far."""
        return self._count

    def begin(self) -> None:
        """It is about to be killed."""
        self._count += 1
        self._is_up.clear()

    def end(self) -> None:
        """It is there again."""
        self._is_up.set()

    async def over(self) -> None:
        """Wait until it is there."""
        await self._is_up.wait()


class Members:
    """People who ask, by command and by mention."""

    def __init__(
        self,
        discord: Discord,
        people: list[Actor],
        channels: list[Channel],
        ledger: Ledger,
        outages: Outages,
        seen: Experience,
        chance: random.Random,
    ) -> None:
        self._discord, self._people, self._channels = discord, people, channels
        self._ledger, self._outages, self._seen, self._chance = ledger, outages, seen, chance

    async def steadily(self, per_s: float) -> None:
        """Ask at a steady rate, however long answers take, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._outages.over()
                group.create_task(self.ask_once())
                await asyncio.sleep(self._chance.expovariate(per_s))

    async def in_bursts(self, many: int, pause_s: float) -> None:
        """Ask `many` questions at once, every `pause_s` seconds, until it is cancelled."""
        while True:
            await asyncio.sleep(pause_s)
            await self._outages.over()
            await asyncio.gather(*(self.ask_once() for _ in range(many)))

    async def ask_once(self) -> None:
        """Ask about a ferry, and judge the answer."""
        who, where = self._chance.choice(self._people), self._chance.choice(self._channels)
        ferry = self._chance.choice(self._ledger.ferries)
        moments, outage = self._ledger.moments(), self._outages.count
        at = time.monotonic()
        is_command = self._chance.random() < 0.7
        answer: Message | None
        try:
            if is_command:
                asked = await who.slash(where, "ask", wait=False, question=ferry.question)
                await self._discord.until(lambda: asked.is_settled, "answer", PATIENCE_S)
                answer = asked.shown
            else:
                question = await who.ask(where, ferry.question, wait=False)
                answer = await self._discord.reply_to(question, PATIENCE_S)
        except AssertionError:
            answer = None
        took = None if answer is None else time.monotonic() - at
        excused = self._outages.count != outage
        way = "command" if is_command else "mention"
        self._seen.asked.append(Asked(at - self._seen.began, way, took, excused))
        if answer is not None:
            wrong = self._ledger.wrong(ferry, answer.text, moments)
            if wrong is not None:
                self._seen.wrong.append(wrong)


class Admin:
    """Somebody who keeps the articles of a server, one thing at a time.

    Attributes:
        thinking_s: How long a form is open, or a question read before it is confirmed. In bad weather a bot may know
            only after its tries that Discord has shown them, and nobody is so quick.
    """

    def __init__(
        self,
        discord: Discord,
        who: Actor,
        where: Channel,
        ledger: Ledger,
        outages: Outages,
        seen: Experience,
        chance: random.Random,
    ) -> None:
        self.thinking_s = 0.0
        self._discord, self._who, self._where = discord, who, where
        self._ledger, self._outages, self._seen, self._chance = ledger, outages, seen, chance

    async def keep(self, pause_s: float, rebuild_every: int) -> None:
        """Add, change, remove, bring back and rebuild, until it is cancelled."""
        turn = 0
        while True:
            await self._outages.over()
            turn += 1
            if turn % rebuild_every == 0:
                await self._try("rebuild", self._rebuild())
            else:
                await self._something()
            await asyncio.sleep(pause_s)

    async def add(self) -> None:
        """Add an article."""
        await self._try("add", self._write(self._ledger.new_ferry()))

    async def _something(self) -> None:
        uncertain = [ferry for ferry in self._ledger.ferries if not ferry.is_certain]
        there = [ferry for ferry in self._ledger.ferries if ferry.number is not None]
        if uncertain:
            # Whatever became of it: after this it is known.
            await self._try("settle", self._write(uncertain[0]))
            return
        what = self._chance.choices(["add", "change", "remove", "remove and undo"], [4, 3, 2, 1])[0]
        if what == "add" or len(there) < 3:
            await self.add()
        elif what == "change":
            await self._try(what, self._write(self._chance.choice(there)))
        else:
            await self._try(what, self._remove(self._chance.choice(there), undo=what != "remove"))

    async def _try(self, what: str, work: Coroutine[None, None, None]) -> None:
        outage = self._outages.count
        try:
            await work
        except (AssertionError, NotOfferedError) as error:
            if self._outages.count == outage:
                self._seen.wrong.append(f"{what} was not acknowledged: {str(error)[:400]}")
            self._seen.undone[what] += 1
        else:
            self._seen.done[what] += 1

    async def _write(self, ferry: Ferry) -> None:
        number = self._ledger.new_number(ferry)
        with ferry.changing(number):
            text = ferry.text(number)
            if ferry.is_file:
                form = await self._who.slash(self._where, "articles add file")
                content = f"# {ferry.title}\n\n{text}\n".encode()
                sent = await self._sent(form, {"Files": [(ferry.source, content)]})
            else:
                form = await self._who.slash(self._where, "articles add text")
                sent = await self._sent(form, {"Title": ferry.title, "Source": ferry.source, "Text": text})
            assert "was added" in sent.text or "was replaced" in sent.text, sent.text

    async def _sent(self, form: Interaction, values: Mapping[str, Filled]) -> Interaction:
        await asyncio.sleep(self.thinking_s)
        sent = await self._who.submit(form, values, wait=False)
        await self._discord.until(lambda: sent.is_settled, "acknowledgement", PATIENCE_S)
        return sent

    async def _remove(self, ferry: Ferry, *, undo: bool) -> None:
        number = ferry.number
        with ferry.changing(None):
            asked = await self._who.slash(self._where, "articles remove", article=ferry.title)
            await asyncio.sleep(self.thinking_s)
            removed = await self._who.click(asked, "Remove")
            assert "was removed" in removed.text, removed.text
        if undo:
            with ferry.changing(number):
                back = await self._who.click(removed, "Undo")
                assert "back" in back.text, back.text

    async def _rebuild(self) -> None:
        asked = await self._who.slash(self._where, "index rebuild", wait=False)
        await self._discord.until(lambda: asked.is_settled, "rebuild", PATIENCE_S)
        self._seen.rebuilds += 1
