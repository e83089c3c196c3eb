"""What Discord refuses to take, as far as a bot can get it wrong: messages, components, forms.

Limits: https://discord.com/developers/docs/components/reference and .../resources/message. The 4,000 characters of text
over one message are not in the reference; Discord enforces them.
"""

import re
from collections.abc import Collection

from tests.support.discord.refusals import Payload, RefusedError, invalid
from tests.support.discord.state import SELECTS, ComponentType, MessageFlag, walk

MAX_CONTENT = 2_000
MAX_COMPONENTS = 40
MAX_TEXT = 4_000
MAX_EMBED_TEXT = 6_000
MAX_FILE_BYTES = 10 * 1024 * 1024
_IN_CONTAINER = frozenset(
    {
        ComponentType.ROW,
        ComponentType.SECTION,
        ComponentType.TEXT,
        ComponentType.GALLERY,
        ComponentType.FILE,
        ComponentType.SEPARATOR,
    }
)
_IN_LABEL = SELECTS | {
    ComponentType.TEXT_INPUT,
    ComponentType.UPLOAD,
    ComponentType.RADIO,
    ComponentType.CHECKBOXES,
    ComponentType.CHECKBOX,
}
_LINK_BUTTON, _PREMIUM_BUTTON = 5, 6


def check_message(body: Payload, *, flags: MessageFlag, file_names: Collection[str], is_empty: bool) -> None:
    """Refuse a message that Discord would refuse.

    Args:
        body: The message, after an edit was laid over what it was before.
        flags: Its flags, after the edit.
        file_names: The files that it will have.
        is_empty: Whether nothing would be left to see.

    Raises:
        RefusedError: With the field that is wrong.
    """
    content = body.get("content") or ""
    embeds = body.get("embeds") or []
    components = body.get("components") or []
    _check_mentions(body.get("allowed_mentions"))
    if MessageFlag.COMPONENTS_V2 in flags:
        for name, value in (("content", content), ("embeds", embeds), ("poll", body.get("poll"))):
            if value:
                raise invalid(name, f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
        if body.get("sticker_ids"):
            raise invalid("sticker_ids", "stickers cannot be used when using MessageFlags.IS_COMPONENTS_V2")
        _check_layout(components, file_names)
        if not components:
            raise RefusedError(400, 50006, "Cannot send an empty message")
        return
    at_most(len(content), MAX_CONTENT, "content")
    _check_embeds(embeds)
    at_most(len(components), 5, "components")
    for place, row in enumerate(components):
        require(
            row.get("type") == ComponentType.ROW,
            f"components.{place}.type",
            "only action rows, without IS_COMPONENTS_V2",
        )
        _check_row(row, f"components.{place}")
    _check_ids(components)
    if is_empty:
        raise RefusedError(400, 50006, "Cannot send an empty message")


def check_files(sizes: Collection[int]) -> None:
    """Refuse files that are too large, or too many."""
    at_most(len(sizes), 10, "attachments")
    if any(size > MAX_FILE_BYTES for size in sizes):
        raise RefusedError(413, 40005, "Request entity too large")


def _check_mentions(allowed: Payload | None) -> None:
    if not allowed:
        return
    for kind in ("users", "roles"):
        ids = allowed.get(kind) or []
        at_most(len(ids), 100, f"allowed_mentions.{kind}")
        require(
            not ids or kind not in allowed.get("parse", []),
            "allowed_mentions",
            f"parse:{kind} and {kind} are exclusive",
        )


def _check_embeds(embeds: list[Payload]) -> None:
    at_most(len(embeds), 10, "embeds")
    characters = 0
    for place, embed in enumerate(embeds):
        where = f"embeds.{place}"
        fields = embed.get("fields") or []
        at_most(len(fields), 25, f"{where}.fields")
        parts = [
            (embed.get("title"), 256, "title"),
            (embed.get("description"), 4_096, "description"),
            ((embed.get("footer") or {}).get("text"), 2_048, "footer.text"),
            ((embed.get("author") or {}).get("name"), 256, "author.name"),
            *((field.get("name"), 256, f"fields.{n}.name") for n, field in enumerate(fields)),
            *((field.get("value"), 1_024, f"fields.{n}.value") for n, field in enumerate(fields)),
        ]
        for text, most, name in parts:
            at_most(len(text or ""), most, f"{where}.{name}")
            characters += len(text or "")
    at_most(characters, MAX_EMBED_TEXT, "embeds")


def _check_layout(components: list[Payload], file_names: Collection[str]) -> None:
    everything = list(walk(components))
    at_most(len(everything), MAX_COMPONENTS, "components")
    at_most(
        sum(len(str(one.get("content", ""))) for one in everything if one.get("type") == ComponentType.TEXT),
        MAX_TEXT,
        "components",
    )
    for place, one in enumerate(components):
        where = f"components.{place}"
        require(
            one.get("type") in _IN_CONTAINER | {ComponentType.CONTAINER},
            f"{where}.type",
            f"{one.get('type')} cannot stand here",
        )
        _check_part(one, where, file_names)
    _check_ids(components)


def _check_part(one: Payload, where: str, file_names: Collection[str]) -> None:
    kind = one.get("type")
    inside: list[Payload] = one.get("components", [])
    if kind == ComponentType.CONTAINER:
        require(bool(inside), f"{where}.components", "This field is required")
        accent = one.get("accent_color")
        require(accent is None or 0 <= accent <= 0xFFFFFF, f"{where}.accent_color", "not a colour")
        for place, part in enumerate(inside):
            require(
                part.get("type") in _IN_CONTAINER, f"{where}.components.{place}.type", "cannot stand in a container"
            )
            _check_part(part, f"{where}.components.{place}", file_names)
    elif kind == ComponentType.ROW:
        _check_row(one, where)
    elif kind == ComponentType.SECTION:
        between(len(inside), 1, 3, f"{where}.components")
        for place, part in enumerate(inside):
            require(part.get("type") == ComponentType.TEXT, f"{where}.components.{place}.type", "only text displays")
            _check_part(part, f"{where}.components.{place}", file_names)
        accessory = one.get("accessory") or {}
        require(
            accessory.get("type") in {ComponentType.BUTTON, ComponentType.THUMBNAIL},
            f"{where}.accessory",
            "a button or a thumbnail",
        )
        if accessory["type"] == ComponentType.BUTTON:
            _check_button(accessory, f"{where}.accessory")
        else:
            _check_media(accessory.get("media"), f"{where}.accessory.media", file_names)
    elif kind == ComponentType.TEXT:
        between(len(one.get("content", "")), 1, MAX_TEXT, f"{where}.content")
    elif kind == ComponentType.GALLERY:
        items = one.get("items", [])
        between(len(items), 1, 10, f"{where}.items")
        for place, item in enumerate(items):
            at_most(len(item.get("description") or ""), 1_024, f"{where}.items.{place}.description")
            _check_media(item.get("media"), f"{where}.items.{place}.media", file_names)
    elif kind == ComponentType.FILE:
        _check_media(one.get("file"), f"{where}.file", file_names)
    elif kind == ComponentType.SEPARATOR:
        require(one.get("spacing", 1) in {1, 2}, f"{where}.spacing", "1 or 2")


def _check_media(media: Payload | None, where: str, file_names: Collection[str]) -> None:
    url = str((media or {}).get("url", ""))
    between(len(url), 1, 2_048, f"{where}.url")
    if url.startswith("attachment://"):
        require(url.removeprefix("attachment://") in file_names, f"{where}.url", "no such file in this message")
    else:
        require(url.startswith(("http://", "https://")), f"{where}.url", "Not a well formed URL.")


def _check_row(row: Payload, where: str) -> None:
    inside: list[Payload] = row.get("components", [])
    between(len(inside), 1, 5, f"{where}.components")
    for place, one in enumerate(inside):
        here = f"{where}.components.{place}"
        if one.get("type") in SELECTS:
            require(len(inside) == 1, where, "a select needs a row of its own")
            _check_select(one, here)
        else:
            require(one.get("type") == ComponentType.BUTTON, f"{here}.type", "only buttons or a select")
            _check_button(one, here)


def _check_button(button: Payload, where: str) -> None:
    style = button.get("style")
    require(style in range(1, 7), f"{where}.style", "1 to 6")
    at_most(len(button.get("label") or ""), 80, f"{where}.label")
    if style == _PREMIUM_BUTTON:
        return
    require(bool(button.get("label") or button.get("emoji")), where, "a label or an emoji is required")
    if style == _LINK_BUTTON:
        url = button.get("url") or ""
        between(len(url), 1, 512, f"{where}.url")
        require(bool(re.match(r"(https?|discord)://\S+$", url)), f"{where}.url", "Not a well formed URL.")
        require("custom_id" not in button, f"{where}.custom_id", "a link button has none")
    else:
        require("url" not in button, f"{where}.url", "only a link button has one")
        _check_custom_id(button, where)


def _check_select(select: Payload, where: str) -> None:
    _check_custom_id(select, where)
    at_most(len(select.get("placeholder") or ""), 150, f"{where}.placeholder")
    least, most = chosen_at_least(select), chosen_at_most(select)
    between(least, 0, 25, f"{where}.min_values")
    between(most, 1, 25, f"{where}.max_values")
    require(least <= most, f"{where}.min_values", "more than max_values")
    if select["type"] == ComponentType.SELECT:
        _check_options(select.get("options", []), 1, 25, where)
        at_most(most, len(select["options"]), f"{where}.max_values")
        chosen = sum(bool(option.get("default")) for option in select["options"])
        at_most(chosen, most, f"{where}.options")
    else:
        defaults = select.get("default_values") or []
        require(not defaults or least <= len(defaults) <= most, f"{where}.default_values", "as many as may be chosen")


def _check_options(options: list[Payload], least: int, most: int, where: str) -> None:
    between(len(options), least, most, f"{where}.options")
    for place, option in enumerate(options):
        between(len(option.get("label", "")), 1, 100, f"{where}.options.{place}.label")
        between(len(option.get("value", "")), 1, 100, f"{where}.options.{place}.value")
        at_most(len(option.get("description") or ""), 100, f"{where}.options.{place}.description")
    require(len({option["value"] for option in options}) == len(options), f"{where}.options", "values are not unique")


def _check_custom_id(one: Payload, where: str) -> None:
    between(len(one.get("custom_id") or ""), 1, 100, f"{where}.custom_id")


def _check_ids(components: list[Payload]) -> None:
    for name in ("custom_id", "id"):
        held = [one[name] for one in walk(components) if one.get(name)]
        require(len(set(held)) == len(held), "components", f"{name} is not unique")


def chosen_at_least(field: Payload) -> int:
    """How many a select or an upload needs; 1 where nothing is said, or null."""
    least = field.get("min_values")
    return 1 if least is None else int(least)


def chosen_at_most(field: Payload) -> int:
    """How many a select or an upload takes; 1 where nothing is said, or null."""
    most = field.get("max_values")
    return 1 if most is None else int(most)


def check_modal(modal: Payload) -> None:
    """Refuse a form that Discord would refuse."""
    between(len(modal.get("title") or ""), 1, 45, "data.title")
    _check_custom_id(modal, "data")
    components: list[Payload] = modal.get("components") or []
    between(len(components), 1, 5, "data.components")
    for place, one in enumerate(components):
        where = f"data.components.{place}"
        kind = one.get("type")
        if kind == ComponentType.LABEL:
            between(len(one.get("label") or ""), 1, 45, f"{where}.label")
            at_most(len(one.get("description") or ""), 100, f"{where}.description")
            field = one.get("component") or {}
            require(field.get("type") in _IN_LABEL, f"{where}.component.type", "cannot stand in a label")
            _check_field(field, f"{where}.component")
        elif kind == ComponentType.ROW:
            inside = one.get("components", [])
            require(
                len(inside) == 1 and inside[0].get("type") == ComponentType.TEXT_INPUT, where, "one text input in a row"
            )
            between(len(inside[0].get("label") or ""), 1, 45, f"{where}.components.0.label")
            _check_field(inside[0], f"{where}.components.0")
        else:
            require(kind == ComponentType.TEXT, f"{where}.type", f"{kind} cannot stand in a form")
            between(len(one.get("content", "")), 1, MAX_TEXT, f"{where}.content")
    _check_ids(components)


def _check_field(field: Payload, where: str) -> None:
    _check_custom_id(field, where)
    kind = field["type"]
    if kind == ComponentType.TEXT_INPUT:
        require(field.get("style") in {1, 2}, f"{where}.style", "1 or 2")
        least, most = field.get("min_length") or 0, field.get("max_length") or MAX_TEXT
        between(least, 0, 4_000, f"{where}.min_length")
        between(most, 1, 4_000, f"{where}.max_length")
        require(least <= most, f"{where}.min_length", "more than max_length")
        at_most(len(field.get("placeholder") or ""), 100, f"{where}.placeholder")
        if field.get("value"):
            between(len(field["value"]), least, most, f"{where}.value")
    elif kind in SELECTS:
        require(not field.get("disabled"), f"{where}.disabled", "not in a form")
        _check_select(field, where)
    elif kind == ComponentType.UPLOAD:
        between(chosen_at_least(field), 0, 10, f"{where}.min_values")
        between(chosen_at_most(field), 1, 10, f"{where}.max_values")
    elif kind == ComponentType.RADIO:
        _check_options(field.get("options", []), 2, 10, where)
    elif kind == ComponentType.CHECKBOXES:
        _check_options(field.get("options", []), 1, 10, where)


def at_most(value: int, most: int, where: str) -> None:
    """Refuse a field that is larger."""
    require(value <= most, where, f"Must be {most} or fewer: {value}")


def between(value: int, least: int, most: int, where: str) -> None:
    """Refuse a field that is smaller or larger."""
    require(least <= value <= most, where, f"Must be between {least} and {most}: {value}")


def require(is_fine: bool, where: str, why: str) -> None:
    """Refuse a field for a reason."""
    if not is_fine:
        raise invalid(where, why)
