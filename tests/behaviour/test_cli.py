"""The command line, with a real SQLite file: what it prints, and how it ends."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.settings import Settings
from index.rebuilding.parent import build

EXAMPLES = Path(__file__).parents[2] / "examples" / "articles"
PASSAGE_KEYS = {"quote", "quotes", "passage", "start", "end", "article", "link", "score", "other_sources"}
ANSWER_KEYS = PASSAGE_KEYS | {
    "question", "status", "reason", "confidence", "matched_terms", "unknown_terms", "nearest_titles", "alternatives",
    "took_ms",
}  # fmt: skip
ARTICLE_KEYS = {"id", "title", "source", "published_at", "language", "collection"}
PLACED_KEYS = ARTICLE_KEYS | {"sources", "gone_since"}
QUESTION = "How many Armenian soldiers have been killed?"

Ran = tuple[int, str, str]
Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/library.db")
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run_here


@pytest.fixture
def filled(run: Run) -> Run:
    assert run("add", EXAMPLES)[0] == 0
    return run


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(ran: Ran, code: int = 2) -> str:
    """The one line of an error."""
    assert ran[0] == code
    (line,) = ran[2].splitlines()
    assert line.startswith("footnote: ")
    return line


def as_json(ran: Ran) -> Any:
    assert ran[2] == ""
    return json.loads(ran[1])


# ---- ask


def test_an_answer_has_the_promised_shape_and_its_quote_stands_in_the_passage(filled: Run) -> None:
    ran = filled("ask", "--json", QUESTION)

    value = as_json(ran)
    assert ran[0] == 0
    assert value.keys() == ANSWER_KEYS
    assert value["status"] in {"answered", "uncertain"}
    assert value["question"] == QUESTION
    assert value["article"].keys() == PLACED_KEYS
    assert (value["article"]["sources"], value["article"]["gone_since"]) == ([value["article"]["source"]], None)
    assert value["article"]["published_at"] == "2022-09-13T00:00:00+00:00"
    assert "49 Armenian soldiers" in value["quote"]
    spans = value["quotes"]
    assert value["passage"][value["start"] : value["end"]] == value["quote"]
    assert value["start"] in {span["start"] for span in spans}
    assert value["end"] in {span["end"] for span in spans}
    assert value["link"].startswith("https://example.org/news/armenia-azerbaijan-ceasefire#:~:text=")
    assert 0 <= value["confidence"] <= 1


def test_alternatives_have_the_keys_of_a_passage(filled: Run) -> None:
    value = as_json(filled("ask", "--json", "--top-k", 3, QUESTION))

    keys = PASSAGE_KEYS | {"confidence", "matched_terms", "unknown_terms"}
    assert 1 <= len(value["alternatives"]) <= 2
    assert all(one.keys() == keys for one in value["alternatives"])


def test_one_passage_is_shown_when_one_is_wanted(filled: Run) -> None:
    assert as_json(filled("ask", "--json", "--top-k", 1, QUESTION))["alternatives"] == []


def test_a_refusal_has_the_same_keys_and_exit_code_1(filled: Run) -> None:
    ran = filled("ask", "--json", "flumph grobnik?")

    value = as_json(ran)
    assert ran[0] == 1
    assert value.keys() == ANSWER_KEYS
    assert value["status"] == "refused"
    assert value["reason"]
    assert value["unknown_terms"] == ["flumph", "grobnik"]
    assert [value[key] for key in ("quote", "passage", "start", "end", "article", "link", "score")] == [None] * 7
    assert value["alternatives"] == []


def test_an_empty_library_refuses_and_tells_what_to_do(run: Run) -> None:
    code, out, err = run("ask", QUESTION)

    assert (code, err) == (1, "")
    assert "footnote add FOLDER" in out


def test_a_pipe_gets_the_quote_between_stars_on_unbroken_lines(filled: Run) -> None:
    code, out, _ = filled("ask", QUESTION)

    assert code == 0
    assert "**At least 49 Armenian soldiers" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) > 200


def test_why_is_told_in_words_and_as_features(filled: Run) -> None:
    assert "BM25 score, of the highest possible" in filled("ask", "--why", QUESTION)[1]
    assert as_json(filled("ask", "--why", "--json", QUESTION))["features"]["score"] > 0


def test_only_the_given_collections_are_asked(filled: Run) -> None:
    assert filled("ask", "--collection", "other", QUESTION)[0] == 1
    assert filled("ask", "--collection", "other", "--collection", "shared", QUESTION)[0] == 0


def test_a_folder_can_be_tried_at_once_and_again(run: Run) -> None:
    first = run("ask", "--try", EXAMPLES, "--json", QUESTION)
    second = run("ask", "--try", EXAMPLES, "--json", QUESTION)

    assert as_json(first)["quote"] == as_json(second)["quote"]
    assert len(as_json(run("list", "--json"))) == len(list(EXAMPLES.iterdir()))


def test_a_folder_to_try_that_is_missing_or_empty_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "no such file" in told(run("ask", "--try", "missing", QUESTION))
    assert "empty: there is no file in it that can be read" in told(run("ask", "--try", "empty", QUESTION))


@pytest.mark.parametrize("top_k", ["0", "51", "many"])
def test_top_k_is_a_number_from_1_to_50(run: Run, top_k: str) -> None:
    assert "--top-k" in told(run("ask", "--top-k", top_k, QUESTION))


def test_an_empty_question_is_an_error(filled: Run) -> None:
    assert "the question is empty" in told(filled("ask", "  "))


@pytest.mark.parametrize("question", ["?" * 50, "🙂", "a" * 10_000, "the of and", "x\udcff"])
def test_odd_questions_are_refused_without_an_error(filled: Run, question: str) -> None:
    code, _, err = filled("ask", question)

    assert (code, err) == (1, "")


# ---- add, list, show, remove


def test_adding_tells_what_became_of_each_file(run: Run, tmp_path: Path) -> None:
    text = "The old bridge over the river was closed on Monday.\n\nIt opens again in May.\n\nLeave a Reply\n"
    write(tmp_path, "bridge.md", f"---\ntitle: Bridge\nlanguage: en\n---\n\n{text}")

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


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_added(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "good.txt", "A bridge was opened in the town on Monday.")
    write(tmp_path, "bad.pdf", "%PDF")

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
    write(tmp_path, "bridge.md", "---\nlanguage: en\n---\n\nA bridge was opened in the town on Monday.")

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
    assert as_json(filled("show", karrow["id"], "--json")) == [karrow]


def test_a_removed_article_answers_nothing(filled: Run) -> None:
    article_id = as_json(filled("ask", "--json", QUESTION))["article"]["id"]

    code, out, _ = filled("remove", article_id)

    assert code == 0
    assert out.startswith(f"removed {article_id} ")
    assert article_id not in filled("list")[1]
    left = as_json(filled("ask", "--json", QUESTION))["article"]
    assert left is None or left["id"] != article_id


def test_an_unknown_id_is_an_error_and_nothing_is_removed(filled: Run) -> None:
    known = as_json(filled("list", "--json"))[0]["id"]

    assert "'nope'" in told(filled("show", "nope"))
    assert "'nope'" in told(filled("remove", known, "nope"))
    assert known in filled("list")[1]


# ---- reindex, eval, export, import


def test_a_new_index_answers_the_same(filled: Run) -> None:
    before = as_json(filled("ask", "--json", QUESTION))

    code, out, _ = filled("reindex")

    assert code == 0
    assert out.startswith(f"indexed {len(list(EXAMPLES.iterdir()))} articles in ")
    assert as_json(filled("ask", "--json", QUESTION))["quote"] == before["quote"]


@pytest.fixture
def question_set(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    articles = [
        {"id": "a", "title": "Bridge", "text": "The bridge over the Tamber opened in May 1931.", "lang": "en"},
        {"id": "b", "title": "A museum", "text": "The museum shows four hundred wooden clocks.", "lang": "en"},
    ]
    questions = [
        {"question": "When did the Tamber bridge open?", "answers": ["May 1931"], "article_id": "a", "lang": "en"},
        {"question": "How many wooden clocks?", "answers": ["four hundred"], "article_id": "b", "lang": "en"},
    ]
    write(folder, "articles.jsonl", "\n".join(map(json.dumps, articles)))
    write(folder, "questions.jsonl", "\n".join(map(json.dumps, questions)))
    return folder


def test_figures_of_a_set_are_printed_as_json(run: Run, question_set: Path) -> None:
    (result,) = as_json(run("eval", question_set, "--json", "--offtopic", question_set / "questions.jsonl"))

    assert result.keys() == {
        "name", "articles", "passages", "mean_characters", "longest_characters", "questions", "passage_at_1",
        "passage_at_5", "quote_at_1", "article_at_1", "mrr_at_10", "refused", "uncertain", "median_ms", "p99_ms",
        "auroc", "offtopic_refused",
    }  # fmt: skip
    assert (result["articles"], result["questions"], result["passage_at_1"]) == (2, 2, 1.0)
    assert 0 <= result["auroc"] <= 1


def test_figures_of_a_set_are_a_table_and_leave_the_library_alone(run: Run, question_set: Path) -> None:
    code, out, err = run("eval", question_set, "--limit", 1)

    assert (code, err) == (0, "")
    assert "Passage@1" in out
    assert "100.0%" in out
    assert as_json(run("list", "--json")) == []


def test_only_articles_that_were_not_trained_on_are_asked_about_if_wanted(run: Run, question_set: Path) -> None:
    (result,) = as_json(run("eval", question_set, "--json", "--held-out"))

    assert (result["name"], result["articles"], result["questions"]) == ("set, held out", 2, 1)


def test_a_folder_without_questions_is_an_error(run: Run, tmp_path: Path) -> None:
    assert "articles.jsonl" in told(run("eval", tmp_path))


def test_what_was_exported_is_imported_without_loss(filled: Run, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/second.db"
    count = len(list(EXAMPLES.iterdir()))

    assert filled("export", "all.jsonl")[1] == f"wrote {count} articles to all.jsonl\n"
    assert filled("import", "all.jsonl", "--store", store)[1] == f"read {count} articles\n"
    assert f"{count} were there already" in filled("import", "all.jsonl", "--store", store)[1]
    assert filled("export", "again.jsonl", "--store", store)[0] == 0

    first, second = ((tmp_path / name).read_text("utf-8").splitlines() for name in ("all.jsonl", "again.jsonl"))
    assert sorted(first) == sorted(second)
    assert as_json(filled("ask", "--json", QUESTION, "--store", store))["quote"]


def test_only_the_given_collection_is_exported(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "none.jsonl", "--collection", "other")[0] == 0

    assert (tmp_path / "none.jsonl").read_text("utf-8") == ""


def test_files_that_cannot_be_read_or_written_are_errors(filled: Run, tmp_path: Path) -> None:
    write(tmp_path, "bad.jsonl", "{}\n")

    assert "missing.jsonl" in told(filled("import", "missing.jsonl"))
    assert "bad.jsonl: line 1" in told(filled("import", "bad.jsonl"))
    assert "No such file or directory" in told(filled("export", "no/folder/all.jsonl"))


# ---- errors


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ask"], ["list", "--nonsense"], ["add"], ["remove"]])
def test_what_cannot_be_understood_is_one_line(run: Run, arguments: list[str]) -> None:
    assert "footnote --help" in told(run(*arguments))


@pytest.mark.parametrize("group", ["feeds"])
def test_a_group_without_a_command_prints_its_help_and_nothing_else(run: Run, group: str) -> None:
    code, _, err = run(group)

    assert (code, err) == (2, "")


def test_help_is_no_error(run: Run) -> None:
    code, out, err = run("--help")

    assert (code, err) == (0, "")
    assert all(name in out for name in ("ask", "add", "list", "show", "remove", "reindex", "eval", "export", "import"))


COMMANDS = [
    ["ask", "x"], ["add", "x.md"], ["list"], ["show", "x"], ["remove", "x"], ["reindex"], ["export", "x"],
    ["import", "x"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_store_that_cannot_be_used_is_one_line(run: Run, tmp_path: Path, command: list[str]) -> None:
    broken = write(tmp_path, "broken.db", "this is no database, but it is longer than a header of SQLite " * 20)

    assert "not a database" in told(run(*command, "--store", f"sqlite+aiosqlite:///{broken}"))


def test_an_address_that_is_none_is_one_line(run: Run) -> None:
    assert "sqlite+aiosqlite:///footnote.db" in told(run("list", "--store", "nonsense"))


def test_a_wrong_setting_is_one_line_with_its_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    assert "LOG_LEVEL" in told(run("list"))


# ---- hostile articles


HOSTILE = "\x1b[31m[bold red]Tamber[/bold red]\x1b[0m \x1b]0;owned\x07 bridge\x9b2J opened in May \u202e1931"


def test_hostile_articles_steer_no_terminal(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        "evil.md",
        f'---\ntitle: "[red]Bridge[/red]"\nlanguage: en\n---\n\nThe {HOSTILE} and [link=x]stayed[/link].\n',
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


# ---- the real process


def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper().lower() not in Settings.model_fields}
    return {**kept, "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/library.db"}


def start(tmp_path: Path, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *map(str, arguments)], text=True, env=environment(tmp_path), **options
    )


def test_the_exit_code_reaches_the_shell(tmp_path: Path) -> None:
    with start(tmp_path, "ask", "anything?", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (1, "")
    assert "No answer" in out


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    with start(tmp_path, "ask", "anything?", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.wait(timeout=60)

        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_terminal_gets_bold_text_and_no_stars(tmp_path: Path) -> None:
    here, there = pty.openpty()
    with start(tmp_path, "ask", "--try", EXAMPLES, QUESTION, stdout=there, stderr=there, stdin=there) as process:
        os.close(there)
        shown = b""
        # Linux tells the end of a terminal by EIO.
        while chunk := read_or_nothing(here):
            shown += chunk
        process.wait(timeout=60)
    os.close(here)

    text = shown.decode()
    assert process.returncode == 0
    assert "\x1b[1mAt least 49 Armenian" in text
    assert "**" not in text


def read_or_nothing(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""


def test_an_interrupted_reindex_leaves_the_old_index(
    filled: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = as_json(filled("ask", "--json", QUESTION))["quote"]

    async def interrupt(*given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return await build(*given)

    # The moment at which somebody presses Ctrl-C has to be within the build.
    monkeypatch.setattr("index.rebuilding.rebuilder.build", interrupt)
    ran = filled("reindex")
    monkeypatch.undo()

    assert "the index in use is unchanged" in told(ran, 130)
    assert as_json(filled("ask", "--json", QUESTION, "--store", f"sqlite:///{tmp_path}/library.db"))["quote"] == before


def test_a_bug_is_one_line_as_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_arguments: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("bot.cli.options.open_library", broken)

    assert "RuntimeError: two lines" in told(run("list"))


def test_an_interrupted_command_ends_with_130_and_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.cli.options.open_library", interrupted)

    assert "interrupted" in told(run("list"), 130)
