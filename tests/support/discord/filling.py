"""What a person types and chooses becomes the data of an interaction, as Discord's own client makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from tests.support.discord import payloads
from tests.support.discord.messages import Messages
from tests.support.discord.refusals import Payload
from tests.support.discord.state import Channel, ComponentType, User, World
from tests.support.discord.validation import chosen_at_least, chosen_at_most

Value = str | int | float | bool | User | Channel | tuple[str, bytes] | None
"""What may be typed into an option: a file is its name and its content."""

Filled = str | bool | tuple[str, bytes] | list[str] | list[tuple[str, bytes]] | None
"""What may be filled into a field of a form."""


class NotOfferedError(AssertionError):
    """Discord's own client would not let the person do this."""


@dataclass(frozen=True)
class Options:
    """The options of a command, filled in, and the people, channels and files that they name."""

    options: list[Payload]
    resolved: Payload


class OptionType(IntEnum):
    """https://discord.com/developers/docs/interactions/application-commands#application-command-object"""

    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    NUMBER = 10
    ATTACHMENT = 11


class Filling:
    """The hand of one person, filling in options, selects and forms."""

    def __init__(self, world: World, messages: Messages, user: User) -> None:
        self._world = world
        self._messages = messages
        self._user = user

    def options(
        self, command: Payload, path: list[str], values: Mapping[str, Value], channel: Channel, *, is_complete: bool
    ) -> Options:
        """Fill in a command.

        Args:
            path: The names of the group and the subcommand, if it has any.
            values: By the options' names; None leaves an option out.
            is_complete: Whether it is sent; else it is only being typed, and nothing is checked.

        Raises:
            NotOfferedError: Discord's client would not take it.
        """
        at, above = command, []
        for part in path:
            at = _named(at.get("options") or [], part)
            above.append(at)
        known = at.get("options") or []
        if any(one["type"] in {OptionType.SUBCOMMAND, OptionType.GROUP} for one in known):
            raise NotOfferedError(f"{at['name']} is a group")
        resolved: Payload = {}
        given = {key: value for key, value in values.items() if value is not None}
        options = [
            self._option(_named(known, key), value, channel, resolved, is_complete=is_complete)
            for key, value in given.items()
        ]
        missing = [one["name"] for one in known if one.get("required") and one["name"] not in given]
        if missing and is_complete:
            raise NotOfferedError(f"{at['name']} needs {missing}")
        for one in reversed(above):
            options = [{"type": one["type"], "name": one["name"], "options": options}]
        return Options(options, resolved)

    def form(self, form: Payload, values: Mapping[str, Filled]) -> Payload:
        """Fill in a form.

        Args:
            values: By the fields' labels or custom_ids; other fields stay as they were.

        Raises:
            NotOfferedError: There is no such field, or Discord's client would not take what is in it.
        """
        left: dict[str, Filled] = dict(values)
        attachments: dict[str, Payload] = {}
        components = [self._filled(one, left, attachments) for one in form["components"]]
        if left:
            raise NotOfferedError(f"no such fields: {sorted(left)}")
        data: Payload = {"custom_id": form["custom_id"], "components": components}
        return data | {"resolved": {"attachments": attachments}} if attachments else data

    def _option(
        self, option: Payload, value: Value, channel: Channel, resolved: Payload, *, is_complete: bool
    ) -> Payload:
        kind = option["type"]
        shown: Payload = {"type": kind, "name": option["name"]}
        if kind == OptionType.ATTACHMENT:
            assert isinstance(value, tuple)
            stored = self._messages.attach(*value)
            resolved.setdefault("attachments", {})[str(stored.id)] = payloads.attachment(stored)
            return shown | {"value": str(stored.id)}
        if isinstance(value, User | Channel):
            for key, found in self.resolved(channel, [str(value.id)]).items():
                resolved.setdefault(key, {}).update(found)
            return shown | {"value": str(value.id)}
        if not is_complete:
            return shown | {"value": value}
        allowed = [choice["value"] for choice in option.get("choices") or []]
        if allowed and value not in allowed:
            raise NotOfferedError(f"{value!r} is none of {allowed}")
        if kind == OptionType.STRING:
            size = len(str(value))
            if not option.get("min_length", 0) <= size <= option.get("max_length", 6_000):
                raise NotOfferedError(f"{option['name']} has {size} characters")
        if kind in {OptionType.INTEGER, OptionType.NUMBER}:
            assert isinstance(value, int | float)
            if not option.get("min_value", value) <= value <= option.get("max_value", value):
                raise NotOfferedError(f"{option['name']} is {value}")
        if kind == OptionType.BOOLEAN and not isinstance(value, bool):
            raise NotOfferedError(f"{option['name']} is {value!r}")
        return shown | {"value": value}

    def resolved(self, channel: Channel, ids: list[str]) -> Payload:
        """The people, channels and roles with these ids."""
        world = self._world
        resolved: Payload = {}
        for one in ids:
            target = int(one)
            if target in world.users:
                resolved.setdefault("users", {})[one] = payloads.user(world.users[target])
                if channel.guild is not None and target in channel.guild.members:
                    shown = payloads.member(channel.guild.members[target], permissions=0, has_user=False)
                    resolved.setdefault("members", {})[one] = shown
            elif target in world.channels:
                shown = payloads.seen_channel(world.channels[target], self._user, world)
                resolved.setdefault("channels", {})[one] = shown
            elif channel.guild is not None and target in channel.guild.roles:
                resolved.setdefault("roles", {})[one] = payloads.role(channel.guild.roles[target], 1)
        return resolved

    def _filled(self, part: Payload, values: dict[str, Filled], attachments: dict[str, Payload]) -> Payload:
        """A part of a form as it is sent; takes what it uses out of `values`."""
        if part["type"] == ComponentType.TEXT:
            return {"type": int(ComponentType.TEXT), "id": part.get("id", 0)}
        field = part["component"] if part["type"] == ComponentType.LABEL else part["components"][0]
        label = part.get("label") or field.get("label")
        given = next((values.pop(key) for key in (label, field["custom_id"]) if key in values), None)
        answer = self._field(field, str(label), given, attachments)
        if part["type"] == ComponentType.LABEL:
            return {"type": int(ComponentType.LABEL), "id": part.get("id", 0), "component": answer}
        return {"type": int(ComponentType.ROW), "id": part.get("id", 0), "components": [answer]}

    def _field(self, field: Payload, label: str, given: Filled, attachments: dict[str, Payload]) -> Payload:
        kind = field["type"]
        answer: Payload = {"type": kind, "id": field.get("id", 0), "custom_id": field["custom_id"]}
        is_required = field.get("required", True)
        if kind == ComponentType.TEXT_INPUT:
            text = str(field.get("value") or "") if given is None else str(given)
            least, most = field.get("min_length") or 0, field.get("max_length") or 4_000
            if (is_required and not text) or (text and not least <= len(text) <= most):
                raise NotOfferedError(f"{label} has {len(text)} characters")
            return answer | {"value": text}
        if kind == ComponentType.CHECKBOX:
            return answer | {"value": bool(field.get("default")) if given is None else bool(given)}
        if kind == ComponentType.UPLOAD:
            files = given if isinstance(given, list) else [] if given is None else [given]
            ids = []
            for file in files:
                assert isinstance(file, tuple)
                stored = self._messages.attach(*file)
                attachments[str(stored.id)] = payloads.attachment(stored)
                ids.append(str(stored.id))
            if not (chosen_at_least(field) if is_required else 0) <= len(ids) <= chosen_at_most(field):
                raise NotOfferedError(f"{label} has {len(ids)} files")
            return answer | {"values": ids}
        if given is None:
            chosen = [one["value"] for one in field.get("options") or [] if one.get("default")]
        else:
            wanted = given if isinstance(given, list) else [given]
            chosen = [_option_value(field, str(one)) for one in wanted]
        if kind == ComponentType.RADIO:
            return answer | {"value": chosen[0] if chosen else None}
        return answer | {"values": chosen}


def focus(options: Options, name: str) -> None:
    """Mark the option in which the person is typing."""
    next(one for one in _leaves(options.options) if one["name"] == name)["focused"] = True


def _named(options: list[Payload], name: str) -> Payload:
    found = next((one for one in options if one["name"] == name), None)
    if found is None:
        raise NotOfferedError(f"there is no {name!r} among {[one['name'] for one in options]}")
    return found


def _leaves(options: list[Payload]) -> list[Payload]:
    return [leaf for one in options for leaf in (_leaves(one["options"]) if "options" in one else [one])]


def _option_value(control: Payload, wanted: str) -> str:
    """The value of the option with this label, or with this value."""
    options = control.get("options") or []
    for one in options:
        if wanted in {one["label"], one["value"]}:
            return str(one["value"])
    raise NotOfferedError(f"{wanted!r} is none of {[one['label'] for one in options]}")


def chosen_values(control: Payload, values: tuple[str | User | Channel | int, ...]) -> list[str]:
    """What is chosen in a select, as Discord tells it: values, or ids."""
    if control.get("disabled"):
        raise NotOfferedError(f"{control['custom_id']} is disabled")
    if not chosen_at_least(control) <= len(values) <= chosen_at_most(control):
        raise NotOfferedError(f"{control['custom_id']}: {len(values)} were chosen")
    if control["type"] == ComponentType.SELECT:
        return [_option_value(control, str(one)) for one in values]
    return [str(one.id if isinstance(one, User | Channel) else one) for one in values]
