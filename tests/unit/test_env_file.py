"""`.env`: what is written is read back, other lines stay, and it is never half written."""

import os
import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.env_file import UnwritableValueError, merged, read, write
from bot.permissions import NEEDS, invite_link

LINES = st.sampled_from(
    ["", "# a comment", "A=1", "export B='two'", "C", 'D="of\ntwo lines"', "A=again", "  E = 5  # five"]
)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "with space",
        "it's",
        'a "quote"',
        "back\\slash",
        "\\'",
        "#no comment",
        "a=b",
        "p%40ss",
        "ä 漢",
        "$HOME",
        "x\ny",
    ],
)
def test_a_value_is_read_back(value: str) -> None:
    assert dotenv_values(stream=StringIO(merged("OTHER=1\n", {"NAME": value}))) == {"OTHER": "1", "NAME": value}


def test_a_value_that_would_be_filled_in_is_refused() -> None:
    with pytest.raises(UnwritableValueError, match=r"^NAME has characters that \.env cannot hold"):
        merged("", {"NAME": "a${HOME}b"})


@given(st.lists(LINES), st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="${}")))
def test_other_lines_stay_and_the_value_is_read_back(lines: list[str], value: str) -> None:
    text = "\n".join(lines)
    before = dotenv_values(stream=StringIO(text))

    made = merged(text, {"A": value, "NEW": value})

    after = dotenv_values(stream=StringIO(made))
    assert (after.pop("A"), after.pop("NEW")) == (value, value)
    before.pop("A", None)
    assert after == before
    assert all(line in made for line in lines if not line.startswith("A="))


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / ".env", {"A": "1", "B": "it's"})
    once = (tmp_path / ".env").read_bytes()

    write(tmp_path / ".env", {"A": "1", "B": "it's"})

    assert (tmp_path / ".env").read_bytes() == once
    assert read(tmp_path / ".env") == {"A": "1", "B": "it's"}
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_there_is_nothing_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert read(tmp_path / ".env") == {}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n", "utf-8")
    (tmp_path / ".env").symlink_to("real")

    write(tmp_path / ".env", {"B": "2"})

    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text("utf-8") == "A=1\nB=2\n"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("A=1\n", "utf-8")

    def fail(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / ".env", {"A": "2"})

    assert [one.name for one in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").read_text("utf-8") == "A=1\n"


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    bits = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 16

    assert [need.name for need in NEEDS] == [
        "View Channel", "Send Messages", "Send Messages in Threads", "Read Message History",
    ]  # fmt: skip
    assert f"permissions={bits}" in invite_link(123)
    assert "client_id=123&scope=bot+applications.commands&" in invite_link(123)
