"""`footnote add`, `list`, `show` and `remove`: what they print, and how they end."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.command_line import ARTICLE_KEYS, EXAMPLES, PLACED_KEYS, QUESTION, Run, as_json, told


def test_adding_tells_what_became_of_each_file(run: Run, tmp_path: Path) -> None:
    text = "The old bridge over the river was closed on Monday.\n\nIt opens again in May.\n\nLeave a Reply\n"
    (tmp_path / "bridge.md").write_text(f"---\ntitle: Bridge\nlanguage: en\n---\n\n{text}", "utf-8")

    (first,) = as_json(run("add", "bridge.md", "--json"))
    (second,) = as_json(run("add", "bridge.md", "--json"))

    assert first.keys() == ARTICLE_KEYS | {"passages", "skipped", "change", "problem"}
    assert first["change"] == "added"
    assert first["collection"] == "shared"
    assert first["passages"] == 1
    assert [line.keys() for line in first["skipped"]] == [{"line", "reason"}]
    assert first["skipped"][0]["line"] == "Leave a Reply"
    assert first["problem"] is None
    assert (second["id"], second["change"]) == (first["id"], "unchanged")


def news(folder: Path, text: str, name: str = "news.txt") -> Path:
    """A file of a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def sources(run: Run) -> set[str]:
    return {one["source"] for one in as_json(run("list", "--json"))}


def test_files_of_the_same_name_in_different_folders_are_different_articles(run: Run, tmp_path: Path) -> None:
    for part in ("c1", "c2", "deep/c1", "deep/c2"):
        news(tmp_path / part, f"The bridge of {part} was opened in May.")

    assert "revised" not in run("add", "c1/news.txt", "c2/news.txt")[1]
    assert "revised" not in run("add", "deep/c1")[1]
    assert "revised" not in run("add", "deep/c2")[1]

    assert sources(run) == {"c1/news.txt", "c2/news.txt", "deep/c1/news.txt", "deep/c2/news.txt"}


def test_a_folder_that_is_tried_replaces_no_other(run: Run, tmp_path: Path) -> None:
    news(tmp_path / "c1", "The bridge of Karrow was opened in May.")
    news(tmp_path / "c2", "The harbour of Karrow was closed in June.")

    assert run("ask", "--try", "c1", "When was the bridge of Karrow opened?")[0] == 0
    assert run("ask", "--try", "c2", "When was the harbour of Karrow closed?")[0] == 0

    assert sources(run) == {"c1/news.txt", "c2/news.txt"}


def test_a_file_that_was_edited_is_a_new_revision_however_it_is_named(run: Run, tmp_path: Path) -> None:
    file = news(tmp_path / "c1" / "deep", "The bridge was opened in May.")
    run("add", "c1")

    for number, named in enumerate(("c1", "c1/deep", "c1/deep/news.txt", file, "./c1/../c1")):
        file.write_text(f"The bridge was opened in May, and {number} people came.", "utf-8")
        (again,) = as_json(run("add", named, "--json"))

        assert (again["change"], again["source"]) == ("revised", "c1/deep/news.txt")


def test_a_file_is_known_by_its_folder_and_never_by_the_whole_path(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = news(tmp_path / "home" / "c1", "The bridge was opened in May.")
    news(tmp_path / "home", "The harbour was closed in June.")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    known: list[str] = []
    for here, named in ((".", file), ("home/c1", "news.txt"), ("home/c1", "."), ("/", file), ("/", file.parent)):
        monkeypatch.chdir(tmp_path / here)
        (one,) = as_json(run("add", named, "--json", "--collection", f"{len(known)}"))
        known.append(one["source"])
    monkeypatch.chdir(tmp_path / "home")
    (one,) = as_json(run("add", "news.txt", "--json"))

    assert known == ["c1/news.txt"] * 5
    assert one["source"] == "news.txt"


def test_files_outside_that_would_be_called_the_same_are_told_apart(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (news(tmp_path / one / "docs", f"The bridge of {one} was opened in May.") for one in ("a", "b"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert run("add", first, second.parent, "../a/docs")[0] == 0

    assert sources(run) == {"a/docs/news.txt", "b/docs/news.txt"}


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_added(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("A bridge was opened in the town on Monday.", "utf-8")
    (tmp_path / "bad.pdf").write_text("%PDF", "utf-8")

    ran = run("add", "bad.pdf", "good.txt", "--json")

    assert "bad.pdf: it is of a type that cannot be read" in told(ran)
    bad, good = json.loads(ran[1])
    assert (bad["id"], bad["change"], bad["source"]) == (None, None, "bad.pdf")
    assert bad["problem"]
    assert good["change"] == "added"


def test_several_unreadable_files_are_one_line(run: Run) -> None:
    line = told(run("add", "missing.md", "gone.md"))

    assert "2 of 2 were not added; the first is missing.md" in line


def test_a_folder_without_articles_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "there is no file in it that can be read" in told(run("add", "empty"))


def test_an_article_belongs_to_the_given_collection(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bridge.md").write_text("---\nlanguage: en\n---\n\nA bridge was opened in the town on Monday.", "utf-8")

    run("add", "bridge.md", "--collection", "town")

    (listed,) = as_json(run("list", "--collection", "town", "--json"))
    assert listed.keys() == PLACED_KEYS | {"passages"}
    assert listed["collection"] == "town"
    assert as_json(run("list", "--collection", "shared", "--json")) == []


def test_a_list_in_a_pipe_is_a_line_for_each_article_with_tabs(filled: Run) -> None:
    lines = filled("list")[1].splitlines()

    assert len(lines) == len(list(EXAMPLES.iterdir()))
    assert all(line.count("\t") == 6 for line in lines)


def test_an_article_is_shown_with_its_text(filled: Run) -> None:
    listed = as_json(filled("list", "--json"))
    karrow = next(one for one in listed if "Karrow" in one["title"])

    code, out, _ = filled("show", karrow["id"])

    assert code == 0
    assert "Author: Environment Desk" in out
    assert "The dam is 87 metres high" in out
    (shown,) = as_json(filled("show", karrow["id"], "--json"))
    assert {key: shown.pop(key) for key in karrow} == karrow
    assert "The dam is 87 metres high" in shown.pop("text")
    assert datetime.fromisoformat(shown.pop("added_at")).tzinfo is not None
    assert shown == {"author": "Environment Desk", "added_by": None, "revision": 1}


def test_a_removed_article_answers_nothing(filled: Run) -> None:
    article_id = as_json(filled("ask", "--json", QUESTION))["article"]["id"]

    code, out, _ = filled("remove", article_id)

    assert code == 0
    assert out.startswith(f"removed {article_id} ")
    assert article_id not in filled("list")[1]
    assert as_json(filled("ask", "--json", QUESTION), 1)["article"] is None


def test_an_unknown_id_is_an_error_and_nothing_is_removed(filled: Run) -> None:
    known = as_json(filled("list", "--json"))[0]["id"]

    assert "'nope'" in told(filled("show", "nope"))
    assert "'nope'" in told(filled("remove", known, "nope"))
    assert known in filled("list")[1]


HOSTILE = "\x1b[31m[bold red]Tamber[/bold red]\x1b[0m \x1b]0;owned\x07 bridge\x9b2J opened in May \u202e1931"


def test_hostile_articles_steer_no_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.md").write_text(
        f'---\ntitle: "[red]Bridge[/red]"\nlanguage: en\n---\n\nThe {HOSTILE} and [link=x]stayed[/link].\n', "utf-8"
    )
    (added,) = as_json(run("add", "evil.md", "--json"))

    outputs = [
        run("ask", "--why", "When did the Tamber bridge open?"),
        run("ask", "--json", "When did the Tamber bridge open?"),
        run("list"),
        run("show", added["id"]),
        run("remove", added["id"]),
    ]

    assert "[bold red]Tamber[/bold red]" in outputs[0][1]
    assert "[red]Bridge[/red]" in outputs[2][1]
    steering = set(map(chr, [*range(9), *range(11, 32), *range(0x7F, 0xA0)]))
    assert not any(set(out + err) & steering for _, out, err in outputs)
