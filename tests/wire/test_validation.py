"""The loopback Discord refuses what Discord refuses, and says where."""

from collections.abc import Callable

import pytest

from tests.support.discord import commands, validation
from tests.support.discord.refusals import Payload, RefusedError
from tests.support.discord.state import NO_FLAGS, MessageFlag


def button(**changes: object) -> Payload:
    """A button that is fine, with changes."""
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | changes


def select(**changes: object) -> Payload:
    """A select that is fine, with changes."""
    return {"type": 3, "custom_id": "choose", "options": options(2)} | changes


def options(count: int) -> list[Payload]:
    """Some options."""
    return [{"label": f"Option {number}", "value": str(number)} for number in range(count)]


def row(*components: Payload) -> Payload:
    """A row."""
    return {"type": 1, "components": list(components)}


def text(content: str = "x") -> Payload:
    """A text display."""
    return {"type": 10, "content": content}


def box(*components: Payload) -> Payload:
    """A container."""
    return {"type": 17, "components": list(components)}


def label(component: Payload, **changes: object) -> Payload:
    """A label with a field."""
    return {"type": 18, "label": "Field", "component": component} | changes


def field(**changes: object) -> Payload:
    """A text input that is fine, with changes."""
    return {"type": 4, "custom_id": "field", "style": 1} | changes


def command(**changes: object) -> Payload:
    """A command that is fine, with changes."""
    return {"type": 1, "name": "ask", "description": "Ask"} | changes


LAYOUTS: dict[str, list[Payload]] = {
    "nothing": [],
    "41 components": [box(*(text() for _ in range(40)))],
    "4,001 characters in two texts": [text("x" * 2_000), box(text("x" * 2_001))],
    "an empty text": [text("")],
    "an empty container": [box()],
    "a container in a container": [box(box(text()))],
    "a button without a row": [button()],
    "six buttons in a row": [row(*(button(custom_id=str(number)) for number in range(6)))],
    "an empty row": [row()],
    "a button beside a select": [row(select(), button())],
    "a label of 81 characters": [row(button(label="x" * 81))],
    "a button without a label": [row(button(label=""))],
    "a button without a custom_id": [row({"type": 2, "style": 1, "label": "Go"})],
    "a custom_id of 101 characters": [row(button(custom_id="x" * 101))],
    "a custom_id twice": [row(button()), box(row(button()))],
    "an id twice": [text() | {"id": 7}, text() | {"id": 7}],
    "a link of 513 characters": [row({"type": 2, "style": 5, "label": "Go", "url": "https://" + "x" * 505})],
    "a link that is none": [row({"type": 2, "style": 5, "label": "Go", "url": "javascript:alert(1)"})],
    "a select with 26 options": [row(select(options=options(26)))],
    "a select without options": [row(select(options=[]))],
    "a value twice": [row(select(options=[*options(1), *options(1)]))],
    "an option of 101 characters": [row(select(options=[{"label": "x" * 101, "value": "x"}]))],
    "a placeholder of 151 characters": [row(select(placeholder="x" * 151))],
    "more to choose than there is": [row(select(max_values=3))],
    "a section of four texts": [{"type": 9, "components": [text()] * 4, "accessory": button()}],
    "a section without an accessory": [{"type": 9, "components": [text()]}],
    "a gallery of eleven": [{"type": 12, "items": [{"media": {"url": "https://example.org"}}] * 11}],
    "a file that was not sent": [{"type": 13, "file": {"url": "attachment://other.txt"}}],
}


@pytest.mark.parametrize("what", LAYOUTS)
def test_a_layout_is_refused(what: str) -> None:
    with pytest.raises(RefusedError):
        _check({"components": LAYOUTS[what]}, MessageFlag.COMPONENTS_V2)


def test_a_layout_at_its_limits_is_taken() -> None:
    buttons = [button(label="x" * 80, custom_id=f"{number:0100d}") for number in range(5)]
    full = box(text("x" * 4_000), row(*buttons), row(select(options=options(25), max_values=25)))

    _check({"components": [full, *([{"type": 14}] * 30)]}, MessageFlag.COMPONENTS_V2)


MESSAGES: dict[str, tuple[Payload, MessageFlag]] = {
    "content in a layout": ({"content": "x", "components": [text()]}, MessageFlag.COMPONENTS_V2),
    "embeds in a layout": ({"embeds": [{"title": "x"}], "components": [text()]}, MessageFlag.COMPONENTS_V2),
    "a layout without its flag": ({"content": "x", "components": [text()]}, NO_FLAGS),
    "2,001 characters": ({"content": "x" * 2_001}, NO_FLAGS),
    "eleven embeds": ({"embeds": [{"title": "x"}] * 11}, NO_FLAGS),
    "6,001 characters in embeds": ({"embeds": [{"description": "x" * 3_001}] * 2}, NO_FLAGS),
    "six rows": ({"components": [row(button(custom_id=str(number))) for number in range(6)]}, NO_FLAGS),
    "nothing": ({}, NO_FLAGS),
    "mentions twice": ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, NO_FLAGS),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_a_message_is_refused(what: str) -> None:
    body, flags = MESSAGES[what]
    with pytest.raises(RefusedError):
        _check(body, flags)


MODALS: dict[str, Payload] = {
    "no field": {"components": []},
    "six fields": {"components": [label(field(custom_id=str(number))) for number in range(6)]},
    "a title of 46 characters": {"title": "x" * 46, "components": [label(field())]},
    "a label of 46 characters": {"components": [label(field(), label="x" * 46)]},
    "a description of 101 characters": {"components": [label(field(), description="x" * 101)]},
    "a placeholder of 101 characters": {"components": [label(field(placeholder="x" * 101))]},
    "a value that is too long": {"components": [label(field(max_length=3, value="four"))]},
    "a field of 4,001 characters": {"components": [label(field(max_length=4_001))]},
    "a button": {"components": [label(button())]},
    "a field twice": {"components": [label(field()), label(field())]},
    "eleven files": {"components": [label({"type": 19, "custom_id": "file", "max_values": 11})]},
    "one radio button": {"components": [label({"type": 21, "custom_id": "radio", "options": options(1)})]},
}


@pytest.mark.parametrize("what", MODALS)
def test_a_form_is_refused(what: str) -> None:
    with pytest.raises(RefusedError):
        validation.check_modal({"title": "Form", "custom_id": "form"} | MODALS[what])


COMMANDS: dict[str, Callable[[], list[Payload]]] = {
    "capitals in a name": lambda: [command(name="Ask")],
    "a name of 33 characters": lambda: [command(name="x" * 33)],
    "a description of 101 characters": lambda: [command(description="x" * 101)],
    "an unknown locale": lambda: [command(name_localizations={"nb": "spør"})],
    "capitals in a localised name": lambda: [command(name_localizations={"de": "Fragen"})],
    "a localised description that is too long": lambda: [command(description_localizations={"de": "x" * 101})],
    "26 options": lambda: [command(options=[_option(f"o{number}") for number in range(26)])],
    "a required option last": lambda: [command(options=[_option("a"), _option("b", required=True)])],
    "choices and autocompletion": lambda: [
        command(options=[_option("a", autocomplete=True, choices=[{"name": "x", "value": "x"}])])
    ],
    "the same name twice": lambda: [command(), command()],
    "101 commands": lambda: [command(name=f"c{number}") for number in range(101)],
    "8,001 characters": lambda: [
        command(options=[_option(f"o{n}", options=[_option(f"p{m}") for m in range(20)]) for n in range(25)])
    ],
}


def _option(name: str, **changes: object) -> Payload:
    return {"type": 3, "name": name, "description": "x" * 100} | changes


@pytest.mark.parametrize("what", COMMANDS)
def test_commands_are_refused(what: str) -> None:
    with pytest.raises(RefusedError):
        commands.check_commands(COMMANDS[what]())


def test_names_of_commands_may_be_of_any_script() -> None:
    localized = {"ja": "質問", "ru": "спросить", "ko": "질문", "hi": "पूछें", "zh-CN": "提问"}

    commands.check_commands([command(name_localizations=localized)])


@pytest.mark.parametrize(
    "choices",
    [
        [{"name": str(number), "value": "x"} for number in range(26)],
        [{"name": "x" * 101, "value": "x"}],
        [{"name": "", "value": "x"}],
        [{"name": "x", "value": "x" * 101}],
    ],
    ids=["26", "a long name", "no name", "a long value"],
)
def test_choices_are_refused(choices: list[Payload]) -> None:
    with pytest.raises(RefusedError):
        commands.check_choices(choices)


def _check(body: Payload, flags: MessageFlag) -> None:
    validation.check_message(body, flags=flags, file_names=["own.txt"], is_empty=not body)
