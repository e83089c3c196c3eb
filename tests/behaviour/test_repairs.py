"""Checks and repairs, with real files and a real second process."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command_line import EXAMPLES, QUESTION, Ran, Run, as_json, told
from tests.support.databases import PAGE, change, page_of, settle, somebody_else, spoil, titles


@pytest.fixture
def environment(store: str) -> Mapping[str, str]:
    return {"DATABASE_URL": store, "LOG_LEVEL": "ERROR"}


def problems(ran: Ran) -> dict[str, str]:
    findings = json.loads(ran[1])["findings"]
    return {one["checked"]: one["detail"] for one in findings if one["is_problem"]}


def test_a_whole_library_has_no_problems(filled: Run) -> None:
    code, out, _ = filled("check")

    assert code == 0
    assert "PROBLEM" not in out
    assert as_json(filled("check", "--json"))["problems"] == 0


def test_a_check_while_another_process_uses_the_database(filled: Run, store: str) -> None:
    with somebody_else(store):
        assert filled("check")[0] == 0


def test_a_text_that_was_changed_from_outside_is_found_and_kept_by_a_repair(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE articles SET text = text || ' Changed.' WHERE number = 1")

    found = filled("check", "--json")
    mended = filled("check", "--repair", "--json")

    assert found[0] == 1
    assert set(problems(found)) >= {"texts of the articles", "what is derived from the articles"}
    assert mended[0] == 0
    assert as_json(mended)["repaired"]["mended"] == 1


def test_derived_columns_are_computed_anew(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE articles SET title_folded = 'x', characters = 1 WHERE number < 3")

    assert set(problems(filled("check", "--json"))) == {"what is derived from the articles"}
    assert as_json(filled("check", "--repair", "--json"))["repaired"]["mended"] == 2
    assert filled("check")[0] == 0


@pytest.mark.parametrize("harm", ["flip", "truncate", "delete", "manifest"])
def test_a_damaged_index_is_found_and_built_anew(filled: Run, tmp_path: Path, harm: str) -> None:
    file = next((tmp_path / "library.db.index").rglob("row_words.npy"))
    match harm:
        case "flip":
            content = bytearray(file.read_bytes())
            content[-1] ^= 0xFF
            file.write_bytes(content)
        case "truncate":
            os.truncate(file, file.stat().st_size // 2)
        case "delete":
            file.unlink()
        case "manifest":
            next((tmp_path / "library.db.index").rglob("manifest.json")).write_text("{}")

    assert set(problems(filled("check", "--json"))) == {"files of the index"}
    assert filled("check", "--repair")[0] == 0
    assert filled("check")[0] == 0
    assert filled("ask", QUESTION)[0] == 0


def test_an_index_of_another_text_is_found(filled: Run, tmp_path: Path) -> None:
    change(
        tmp_path / "library.db", "UPDATE articles SET text = substr(text, 1, 300), characters = 300 WHERE number = 1"
    )

    assert "passages of the index" in problems(filled("check", "--json"))


def test_a_check_of_nothing_says_so_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    assert "there is no library in" in told(run("check"))
    assert list(tmp_path.iterdir()) == []
    change(tmp_path / "library.db", "CREATE TABLE notes (a)")
    assert run("check")[0] == 1


def test_newer_tables_are_a_problem_and_not_looked_into(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE alembic_version SET version_num = '9999'")

    assert set(problems(filled("check", "--json"))) == {"tables of the articles"}
    assert "newer" in told(filled("check", "--repair"))


@pytest.mark.parametrize("harm", ["text", "list", "head", "short"])
def test_what_can_be_read_of_a_damaged_database_is_saved(filled: Run, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "library.db"
    settle(file)
    before = titles(file)
    match harm:
        case "text":
            spoil(file, page_of(file, "Storm Odila"))
        case "list":
            spoil(file, page_of(file, "storm odila"))
        case "head":
            with file.open("r+b") as opened:
                opened.seek(100)
                opened.write(b"\0" * 40)
        case "short":
            os.truncate(file, page_of(file, "Storm Odila") * PAGE)
    damaged = file.read_bytes()

    found = filled("check", "--json")
    code, out, err = filled("check", "--repair")

    assert set(problems(found)) == {"database file"}
    assert (code, err) == (0, "")
    (kept,) = tmp_path.glob("library.db.before-repair-????????-??????")
    if harm == "list":
        assert titles(file) == before
    elif harm != "head":
        # But for the mode of its journal.
        assert kept.read_bytes()[100:] == damaged[100:]
        assert 0 < len(titles(file)) < len(before)
        assert "lost" in out
    assert set(titles(file)) <= set(before)
    assert filled("check")[0] == 0
    assert filled("add", EXAMPLES)[0] == 0
    assert sorted(titles(file)) == sorted(before)
