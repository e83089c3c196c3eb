"""The log: a line for each event, for people or for programs."""

import json
import logging
import sys

import pytest

from bot import logs


@pytest.fixture(autouse=True)
def _as_before() -> object:
    yield
    logging.captureWarnings(False)
    logging.basicConfig(level="WARNING", handlers=[], force=True)


def test_json_is_one_object_a_line_with_the_exception_as_one_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.set_up("INFO", "json")
    log = logging.getLogger("somewhere")

    log.info("first\nline", extra=logs.fields(hits=2, article=None, ms={"rank": 1.5}))
    try:
        int("a\nb\u2028c\ud800")
    except ValueError:
        log.exception("it broke")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["time"].endswith("Z")
    assert {key: first[key] for key in ("level", "logger", "message", "hits", "ms")} == {
        "level": "info",
        "logger": "somewhere",
        "message": "first\nline",
        "hits": 2,
        "ms": {"rank": 1.5},
    }
    assert "article" not in first
    assert "Traceback" in second["exception"]
    assert "ValueError: invalid literal" in second["exception"]


def test_facts_do_not_take_the_place_of_what_every_line_has(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("INFO", "json")

    logging.getLogger("x").info("said", extra=logs.fields(message="another", level="none"))

    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["level"]) == ("said", "info")


def test_text_is_one_line_and_names_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    assert not logs.set_up("INFO", "text")
    log = logging.getLogger("somewhere")

    log.info("question", extra=logs.fields(outcome="answered", ms={"rank": 1.5}, problem=None, text="100% %s\nx"))
    log.warning("it broke", exc_info=ValueError("a\nb"))

    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith('somewhere: question outcome=answered ms=rank:1.5 text="100% %s\\nx"')
    assert second.endswith("it broke: ValueError: a b")


@pytest.mark.parametrize(
    ("kind", "is_service", "is_terminal", "is_json"),
    [
        ("auto", True, False, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("json", False, True, True),
        ("text", True, False, False),
    ],
)
def test_auto_is_json_for_a_service_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, kind: str, is_service: bool, is_terminal: bool, is_json: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)

    assert logs.set_up("INFO", kind, is_service=is_service) is is_json  # type: ignore[arg-type]
