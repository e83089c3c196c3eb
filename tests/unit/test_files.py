from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UnreadableFileError
from index.ingestion.files import MAX_FILE_BYTES, FileArticle, article_files, parse_file, read_file

MARKDOWN = st.text(st.sampled_from(list("ab#-*_`[]()<>|:\n  \t1.&;!~=\\\"'\x00")) | st.characters())


def parse(text: str, name: str = "note.md") -> FileArticle:
    return parse_file(Path(name), text.encode())


def test_front_matter_tells_of_the_article() -> None:
    article = parse(
        "---\n"
        'title: "The bridge: a history"\n'
        "url: https://example.org/bridge\n"
        "date: 2024-05-01T10:00:00+02:00\n"
        "author: 'Jane Doe'\n"
        "lang: en-GB\n"
        "tags:\n"
        "  - title: nested\n"
        "---\n"
        "It opened in 2000.\n"
    )

    assert article == FileArticle(
        title="The bridge: a history",
        source="https://example.org/bridge",
        author="Jane Doe",
        published_at=datetime(2024, 5, 1, 8, tzinfo=UTC),
        language="en",
        text="It opened in 2000.",
    )


def test_a_file_that_tells_nothing_is_known_by_its_name() -> None:
    article = parse("It opened in 2000. " * 20, "bridge.txt")

    assert (article.title, article.source) == ("bridge", "bridge.txt")
    assert (article.author, article.published_at, article.language) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("note.md", "Before.\n\n## The *bridge*\n\n# Later", "The bridge"),
        ("note.md", "---\ntitle:\n---\n\nThe bridge\n\nIt opened.", "The bridge"),
        ("note.txt", "\n\nThe bridge\n\nIt opened.", "The bridge"),
        ("note.txt", "# No Markdown\n", "# No Markdown"),
    ],
)
def test_a_title_is_found_in_the_text(name: str, text: str, title: str) -> None:
    assert parse(text, name).title == title


@pytest.mark.parametrize(
    ("name", "text", "is_in_text"),
    [
        ("note.txt", "The bridge\n\nIt opened.", True),
        ("note.md", "The bridge\n\nIt opened.", True),
        ("note.md", "# The bridge\n\nIt opened.", False),
        ("note.md", "---\ntitle: The bridge\n---\nThe bridge\n\nIt opened.", False),
        ("note.txt", "It opened in 2000. " * 20, False),
    ],
)
def test_a_title_that_only_the_text_tells_is_known_as_such(name: str, text: str, is_in_text: bool) -> None:
    assert parse(text, name).is_title_in_text is is_in_text


@pytest.mark.parametrize("date", ["yesterday", "2024-13-01", "0001-01-01T00:00:00+05:00", "01/02/2024"])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    assert parse(f"---\ndate: {date}\n---\nText").published_at is None


def test_a_date_without_offset_is_utc() -> None:
    assert parse("---\ndate: 2024-05-01\n---\nText").published_at == datetime(2024, 5, 1, tzinfo=UTC)


def test_markdown_becomes_plain_paragraphs() -> None:
    article = parse(
        "# Heading\n\nA paragraph with a [link](https://example.org),\nwrapped, *stressed* and `code` &amp; more.  \n"
        "Break.\n\n"
        "- one\n- two\n  - three\n\n    more of three\n1. first\n2. second\n\n> Quote\n\n"
        "| a | b |\n|---|---|\n| 1 | **2** |\n| 3 |  |\n\n```python\nx = 1\n\n    y = 2\n```\n\n"
        "![A bridge](bridge.png)\n\n---\n\nEnd.\n"
    )

    assert article.text == (
        "Heading\n\nA paragraph with a link, wrapped, stressed and code & more.\nBreak.\n\n"
        "- one\n- two\n- three\nmore of three\n\n- first\n- second\n\nQuote\n\n"
        "a | b\n1 | 2\n3 | \n\nx = 1\n\n    y = 2\n\nA bridge\n\nEnd."
    )


def test_plain_text_stays_as_it_is() -> None:
    assert parse("\n  A *line*  \r\n\r\n\r\nB\rC\n", "note.txt").text == "  A *line*  \n\n\nB\nC"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_files_are_read(encoding: str) -> None:
    assert parse_file(Path("a.txt"), "Zürich – Москва – 東京".encode(encoding)).text == "Zürich – Москва – 東京"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Мост через пролив открылся в июле 2000 года, и первый поезд прошёл по нему в тот же день. " * 5),
        ("cp1252", "Die Brücke über den Öresund wurde größer, als man für möglich hielt – „schön“. " * 5),
        ("shift_jis", "橋は二〇〇〇年七月に開通し、最初の列車が同じ日に渡った。新しい町ができた。" * 5),
        ("gb18030", "大桥于二〇〇〇年七月通车，第一列火车在同一天驶过。新的城镇出现了。" * 5),
    ],
)
def test_older_encodings_are_guessed(encoding: str, text: str) -> None:
    assert parse_file(Path("a.txt"), text.encode(encoding)).text == text


def test_nuls_and_lone_surrogates_are_left_out() -> None:
    content = ("A bridge" + "." * 200).encode("utf-16") + b"\x00\x00" + b"\x00\xd8"

    assert parse_file(Path("a.txt"), content).text.startswith("A bridge...")
    assert "\x00" not in parse_file(Path("a.md"), b"x" * 500 + b"\x00" + b"y").text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"text", "only .md"),
        ("a", b"text", "only .md"),
        ("a.txt", b"", "it is empty"),
        ("a.md", b" \n\n", "it is empty"),
        ("a.md", b"---\ntitle: A\n---\n", "it holds no text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "it is not text"),
        ("a.txt", b"x" * (MAX_FILE_BYTES + 1), "it is larger than 8 MiB"),
    ],
)
def test_a_file_that_is_no_article_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError) as caught:
        read_file(path)

    assert caught.value.path == str(path)
    assert caught.value.reason.startswith(reason)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="there is no such file"):
        read_file(tmp_path / "missing.md")
    with pytest.raises(UnreadableFileError, match="it is a folder"):
        read_file(tmp_path)


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "Bridge.MD"
    path.write_text("# Title\n\nText")

    assert read_file(path) == parse("# Title\n\nText", "Bridge.MD")


def test_folders_are_listed_without_hidden_and_other_files(tmp_path: Path) -> None:
    for name in ["b.md", "a.txt", "c/d.MARKDOWN", "c/.hidden.md", ".git/e.md", "f.pdf", "g.md/h.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    missing = tmp_path / "missing.pdf"

    files = article_files([missing, tmp_path / "b.md", tmp_path])

    assert files == [missing, *(tmp_path / name for name in ["b.md", "a.txt", "c/d.MARKDOWN", "g.md/h.md"])]


@given(MARKDOWN.map(lambda text: text.encode("utf-8", "replace")) | st.binary(), st.sampled_from(["a.md", "a.txt"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    try:
        article = parse_file(Path(name), content)
    except UnreadableFileError:
        return

    assert article.title
    assert article.text.strip()
    assert "\x00" not in article.title + article.text
    article.text.encode()


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1), min_size=1))
def test_words_of_markdown_paragraphs_are_kept(words: list[str]) -> None:
    assert parse("\n\n".join(words)).text == "\n\n".join(words)
