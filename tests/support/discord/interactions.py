"""The life of an interaction: its 3 s, its one first response, and what may follow within 15 minutes.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from tests.support.discord import payloads, validation
from tests.support.discord.commands import check_choices
from tests.support.discord.messages import Draft, Messages
from tests.support.discord.refusals import Payload, RefusedError, invalid, unknown
from tests.support.discord.state import Channel, Message, MessageFlag, User, World

FIRST_RESPONSE_S = 3.0
TOKEN_S = 15 * 60.0


class Kind(IntEnum):
    """What a person did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    FORM = 5


class Response(IntEnum):
    """What a bot's first response is."""

    MESSAGE = 4
    THINKING = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    FORM = 9


_ALLOWED = {
    Kind.COMMAND: {Response.MESSAGE, Response.THINKING, Response.FORM},
    Kind.COMPONENT: {Response.MESSAGE, Response.THINKING, Response.DEFERRED_UPDATE, Response.UPDATE, Response.FORM},
    Kind.AUTOCOMPLETE: {Response.CHOICES},
    Kind.FORM: {Response.MESSAGE, Response.THINKING, Response.DEFERRED_UPDATE, Response.UPDATE},
}


@dataclass(eq=False)
class Interaction:
    """What a person did with the bot, and what came back.

    Attributes:
        source: The message whose button was pressed, or from which the form was opened.
        first: The kind of the first response; None while there is none.
        message: The message that the person looks at now: the bot's answer, or the card that was changed.
        followups: Further messages.
        form: The form that was opened.
        choices: What the autocompletion offers.
        first_response_s: From the event's leaving to the first response's arrival.
        edits: How often the answer was edited.
        sent_at, answered_at: By `time.perf_counter`; None before. `answered_at` is when there was something to see.
    """

    id: int
    token: str
    kind: Kind
    user: User
    channel: Channel
    payload: Payload
    source: Message | None = None
    first: Response | None = None
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    form: Payload | None = None
    choices: list[Payload] | None = None
    edits: int = 0
    sent_at: float | None = None
    first_response_at: float | None = None
    answered_at: float | None = None
    is_expired: bool = False
    is_user_install: bool = False

    @property
    def first_response_s(self) -> float:
        """Seconds to the first response, of whatever kind."""
        assert self.sent_at is not None
        assert self.first_response_at is not None
        return self.first_response_at - self.sent_at

    @property
    def answered_s(self) -> float:
        """Seconds until there was something to see."""
        assert self.sent_at is not None
        assert self.answered_at is not None
        return self.answered_at - self.sent_at

    @property
    def is_settled(self) -> bool:
        """Whether the person sees more than that the bot is thinking."""
        if self.first is None:
            return False
        if self.first in {Response.THINKING, Response.DEFERRED_UPDATE}:
            return self.edits > 0 or bool(self.followups) or (self.message is not None and self.message.is_deleted)
        return True

    @property
    def shown(self) -> Message:
        """The message that came of it: the answer, or the last one that followed it."""
        if self.first is Response.DEFERRED_UPDATE and self.followups:
            return self.followups[-1]
        assert self.message is not None, f"the first response was {self.first!r}, which shows no message"
        return self.message

    @property
    def text(self) -> str:
        """What can be read in the message that came of it."""
        return self.shown.text

    @property
    def is_private(self) -> bool:
        """Whether only the person sees it."""
        return self.shown.is_private


class Interactions:
    """All interactions, by id and by token."""

    def __init__(self, world: World, messages: Messages, changed: Callable[[], None]) -> None:
        self.first_response_limit_s = FIRST_RESPONSE_S
        self.all: list[Interaction] = []
        self._by_token: dict[str, Interaction] = {}
        self._world = world
        self._messages = messages
        self._changed = changed

    def open(
        self,
        kind: Kind,
        user: User,
        channel: Channel,
        payload: Payload,
        *,
        source: Message | None = None,
        is_user_install: bool = False,
    ) -> Interaction:
        """Begin an interaction; `payload` gets its id and token."""
        opened = Interaction(
            self._world.snowflakes.next(),
            secrets.token_urlsafe(32),
            kind,
            user,
            channel,
            payload,
            source=source,
            is_user_install=is_user_install,
        )
        payload |= {"id": str(opened.id), "token": opened.token}
        self.all.append(opened)
        self._by_token[opened.token] = opened
        return opened

    def respond(
        self, interaction_id: int, token: str, body: Payload, files: Mapping[int, tuple[str, bytes]]
    ) -> Payload:
        """Take a first response.

        Returns:
            What `with_response=1` answers.
        """
        now = time.perf_counter()
        one = self._by_token.get(token)
        if one is None or one.id != interaction_id or one.is_expired or one.sent_at is None:
            raise unknown("interaction")
        if one.first is not None:
            raise RefusedError(400, 40060, "Interaction has already been acknowledged.")
        if now - one.sent_at > self.first_response_limit_s:
            raise unknown("interaction")
        kind = body.get("type")
        if kind not in _ALLOWED[one.kind] or (kind in {6, 7} and one.source is None):
            raise invalid("type", f"Value {kind} is not allowed for a {one.kind.name.lower()}")
        response, data = Response(kind), body.get("data") or {}
        match response:
            case Response.MESSAGE:
                one.message = self._post(one, data, files)
            case Response.THINKING:
                private = MessageFlag.EPHEMERAL & MessageFlag(data.get("flags", 0))
                one.message = self._messages.thinking(self._seen_as(one), is_private=bool(private))
            case Response.DEFERRED_UPDATE:
                one.message = one.source
            case Response.UPDATE:
                assert one.source is not None
                one.message = self._messages.edit(one.source, data, files)
            case Response.CHOICES:
                check_choices(data.get("choices", []))
                one.choices = data.get("choices", [])
            case Response.FORM:
                validation.check_modal(data)
                one.form = data
        one.first = response
        one.first_response_at = now
        if response not in {Response.THINKING, Response.DEFERRED_UPDATE}:
            one.answered_at = now
        self._changed()
        return self._told(one)

    def follow_up(self, token: str, body: Payload, files: Mapping[int, tuple[str, bytes]]) -> Message:
        """Take a further message. The first one after "thinking" takes its place, and stays as private as that was."""
        one = self._responded(token)
        if one.message is not None and one.message.is_thinking:
            return self._edit(one, one.message, body, files)
        message = self._post(one, body, files)
        one.followups.append(message)
        one.answered_at = one.answered_at or time.perf_counter()
        self._changed()
        return message

    def message(self, token: str, which: str) -> Message:
        """The answer (`@original`), or a further message by its id."""
        one = self._responded(token)
        if which == "@original":
            found = one.message
        else:
            found = next(
                (message for message in [*one.followups, one.message] if message and str(message.id) == which), None
            )
        if found is None or found.is_deleted:
            raise unknown("Message")
        return found

    def edit(self, token: str, which: str, body: Payload, files: Mapping[int, tuple[str, bytes]]) -> Message:
        """Change the answer or a further message."""
        return self._edit(self._responded(token), self.message(token, which), body, files)

    def delete(self, token: str, which: str) -> None:
        """Take the answer or a further message away."""
        self._messages.delete(self.message(token, which))
        self._changed()

    def _responded(self, token: str) -> Interaction:
        one = self._by_token.get(token)
        if one is None:
            raise unknown("Webhook")
        if one.is_expired or (one.sent_at is not None and time.perf_counter() - one.sent_at > TOKEN_S):
            raise RefusedError(401, 50027, "Invalid Webhook Token")
        if one.first is None:
            raise unknown("Webhook")
        return one

    def _edit(
        self, one: Interaction, message: Message, body: Payload, files: Mapping[int, tuple[str, bytes]]
    ) -> Message:
        self._messages.edit(message, body, files)
        one.edits += 1
        one.answered_at = one.answered_at or time.perf_counter()
        self._changed()
        return message

    def _post(self, one: Interaction, body: Payload, files: Mapping[int, tuple[str, bytes]]) -> Message:
        return self._messages.post(self._seen_as(one), body, files)

    def _seen_as(self, one: Interaction) -> Draft:
        metadata: Payload = {
            "id": str(one.id),
            "type": int(one.kind),
            "user": payloads.user(one.user),
            "authorizing_integration_owners": one.payload["authorizing_integration_owners"],
        }
        if one.kind is Kind.FORM:
            # Discord tells the whole chain here; a client that reads it needs no more than these names.
            metadata["triggering_interaction_metadata"] = metadata | {"type": int(Kind.COMMAND)}
        if one.kind is Kind.COMPONENT and one.source is not None:
            metadata["interacted_message_id"] = str(one.source.id)
        return Draft(one.channel, self._world.bot, asked_by=one.user, interaction=metadata)

    def _told(self, one: Interaction) -> Payload:
        interaction: Payload = {"id": str(one.id), "type": int(one.kind)}
        told: Payload = {"interaction": interaction}
        if one.first in {Response.MESSAGE, Response.THINKING, Response.UPDATE} and one.message is not None:
            interaction |= {
                "response_message_id": str(one.message.id),
                "response_message_loading": one.message.is_thinking,
                "response_message_ephemeral": one.message.is_private,
            }
            told["resource"] = {"type": int(one.first), "message": payloads.message(one.message, self._world)}
        return told
