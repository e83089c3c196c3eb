"""`footnote export` and `footnote import`: articles from one library to another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.library import ADDED_AT_ONCE
from tests.support.command_line import EXAMPLES, QUESTION, Run, as_json, told


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


def test_standard_output_gets_the_articles_and_nothing_else(filled: Run, store: str, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    written = (tmp_path / "all.jsonl").read_text("utf-8")
    environment = {**os.environ, "DATABASE_URL": store}

    for named in ("-", "/dev/stdout", "/dev/fd/1"):
        with (tmp_path / "out").open("wb") as out:
            command = [sys.executable, "-m", "bot", "export", named]
            ran = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment, check=False)
        piped = subprocess.run(command, capture_output=True, env=environment, check=False)

        assert (ran.returncode, ran.stderr, piped.returncode, piped.stderr) == (0, b"", 0, b"")
        assert (tmp_path / "out").read_text("utf-8") == piped.stdout.decode() == written
    assert not (tmp_path / "-").exists()


def test_a_reader_of_an_export_may_leave(filled: Run, store: str) -> None:
    assert filled("list")[0] == 0
    command = [sys.executable, "-m", "bot", "export", "-"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "DATABASE_URL": store}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_what_is_no_file_is_left_alone(filled: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "folder").mkdir()

    for name in ("pipe", "link", "folder"):
        line = f"footnote: {name}: this is no file that could be replaced; it was left alone"
        assert told(filled("export", name)) == line
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert sorted(one.name for one in tmp_path.glob("*.partial")) == []


def test_a_link_stays_and_what_it_leads_to_is_replaced(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("all.jsonl")

    assert filled("export", "link")[0] == 0

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "all.jsonl").read_text("utf-8").count("\n") == len(list(EXAMPLES.iterdir()))


def test_only_the_given_collection_is_exported(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "none.jsonl", "--collection", "other")[0] == 0

    assert (tmp_path / "none.jsonl").read_text("utf-8") == ""


def test_files_that_cannot_be_read_or_written_are_errors(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n", "utf-8")

    assert "missing.jsonl" in told(filled("import", "missing.jsonl"))
    assert "bad.jsonl: line 1" in told(filled("import", "bad.jsonl"))
    assert told(filled("export", "no/folder/all.jsonl")) == "footnote: no/folder/all.jsonl: No such file or directory"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("text", ..., 'has no "text"; each line is an object, an article as `footnote export` writes it'),
        ("text", None, 'has as "text" something else than a text'),
        ("text", " ", 'has as "text" something else than a text that is not empty'),
        ("sources", "a", 'has as "sources" something else than a list of texts'),
        ("added_at", "2024-03-09", 'has as "added_at" something else than a time with its zone, such as'),
        ("published_at", "soon", 'has as "published_at" something else than a time with its zone, such as'),
        ("revision", 0, 'has as "revision" something else than a whole number from 1 on'),
        ("revision", 10**30, 'has as "revision" something else than a whole number from 1 on'),
    ],
)
def test_a_line_that_is_no_article_is_told_with_what_it_has_to_be(
    filled: Run, tmp_path: Path, key: str, value: object, said: str
) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0]) | {key: value}
    if value is ...:
        del line[key]
    (tmp_path / "bad.jsonl").write_text(json.dumps(line), "utf-8")

    assert f"bad.jsonl: line 1 {said}" in told(filled("import", "bad.jsonl"))


def test_what_is_no_export_at_all_is_told_in_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text("What is this?\n", "utf-8")
    (tmp_path / "latin.jsonl").write_bytes("é".encode("latin-1"))
    (tmp_path / "folder").mkdir()

    assert "text.jsonl: line 1 is not JSON (Expecting value, column 1); each line" in told(run("import", "text.jsonl"))
    assert "latin.jsonl: line 1 is not text in UTF-8" in told(run("import", "latin.jsonl"))
    assert told(run("import", "none.jsonl")) == "footnote: none.jsonl: there is no such file"
    assert told(run("import", "folder")) == "footnote: folder: it cannot be read (Is a directory)"


def test_half_of_a_letter_is_no_error(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0])
    (tmp_path / "half.jsonl").write_text(json.dumps(line | {"text": "Tea \ud800 grows.", "title": "\udfff"}), "utf-8")

    assert filled("import", "half.jsonl", "--into", "other")[::2] == (0, "")


def test_a_collection_moves_into_another_one_of_another_library(filled: Run, store: str, tmp_path: Path) -> None:
    other = f"sqlite+aiosqlite:///{tmp_path}/other.db"
    assert filled("export", "all.jsonl")[0] == 0

    assert filled("import", "all.jsonl", "--into", "4242", "--store", other)[0] == 0
    again = filled("import", "all.jsonl", "--into", "4242", "--store", other)

    moved, here = (json.loads(filled("list", "--json", "--store", one)[1]) for one in (other, store))
    assert {one.pop("collection") for one in moved} == {"4242"}
    assert {one.pop("collection") for one in here} == {"shared"}
    assert moved == here
    assert "were there already" in again[1]
    assert "empty" in told(filled("import", "all.jsonl", "--into", " "))


def test_a_large_file_is_read_a_part_at_a_time(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0])
    with (tmp_path / "large.jsonl").open("w", encoding="utf-8") as file:
        for number in range(400):
            text = f"Report {number} tells of tea. " + f"{number} " * 60_000
            file.write(json.dumps({**line, "id": f"x{number}", "source": f"s{number}", "text": text}) + "\n")
    # VmHWM, not ru_maxrss: the latter begins at what the process that starts this one has ever held.
    code = (
        "import re\n"
        "from index.moving import read_export\n"
        "from pathlib import Path\n"
        "def most() -> int: return int(re.search(r'VmHWM:\\s*([0-9]+)', Path('/proc/self/status').read_text())[1])\n"
        "before = most()\n"
        f"count = sum(len(part) for part, _ in read_export(Path({str(tmp_path / 'large.jsonl')!r}), 8))\n"
        "print(count, most() - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, ran.stdout.split())

    assert count == 400
    assert (tmp_path / "large.jsonl").stat().st_size > 80_000_000
    assert kilobytes < 30_000


def test_the_parts_before_the_one_with_a_broken_line_are_read(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0])
    lines = [json.dumps({**line, "id": f"x{n}", "source": f"s{n}", "text": f"Tea, {n}."}) for n in range(70)]
    (tmp_path / "broken.jsonl").write_text("\n".join([*lines, "{}"]), "utf-8")

    assert "line 71" in told(filled("import", "broken.jsonl", "--into", "x"))
    assert len(as_json(filled("list", "--json", "--collection", "x"))) == ADDED_AT_ONCE
    assert "no such file" in told(filled("import", "missing.jsonl"))
