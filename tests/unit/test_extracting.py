from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.ingestion.extracting.blocks import Blocks
from index.ingestion.extracting.extract import extract
from index.ingestion.extracting.html import paragraphs
from index.ingestion.extracting.kinds import Kind, UnreadableKindError, kind_of
from index.ingestion.extracting.pdf_lines import join_lines
from index.ingestion.extracting.sources import Limits, MemberBegun, Source
from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from tests.support.documents import docx, epub, page, pdf, word_paragraph, zip_of

SENTENCES = [
    "The new bridge over the Elbe opened to traffic in May 2019, after nine years of work.",
    "It replaced a ferry that had run for ninety years and carried four million cars.",
    "The work cost 84 million euros, twelve million more than was planned at the outset.",
    "Two floods stopped the work, one in the spring of 2013 and one in the summer of 2016.",
    "Engineers from three countries took part, and eleven of them live in the town today.",
    "The old ferry was sold to a museum, where children may ring its bell on Sundays.",
]


def extracted(
    name: str, content: bytes | str, address: str | None = None, limits: Limits | None = None
) -> list[FileArticle | UnusableSourceError]:
    raw = content.encode() if isinstance(content, str) else content
    source = Source(name, BytesIO(raw), len(raw), address)
    found = extract(source, limits or Limits())
    return [one for one in found if not isinstance(one, MemberBegun)]


def article(name: str, content: bytes | str, address: str | None = None) -> FileArticle:
    (only,) = extracted(name, content, address)
    assert isinstance(only, FileArticle)
    return only


def problem(name: str, content: bytes | str, limits: Limits | None = None) -> Problem:
    with pytest.raises(UnusableSourceError) as caught:
        extracted(name, content, limits=limits)
    return caught.value.problem


# ---- kinds


@pytest.mark.parametrize(
    ("content", "name", "media_type", "kind"),
    [
        (b"%PDF-1.7\n", "a.txt", "text/html", Kind.PDF),
        (b"\n\n%PDF-1.4", "", "", Kind.PDF),
        (b"<!-- c --> <!DOCTYPE html><p>x", "a.txt", "text/plain", Kind.HTML),
        (b"\xef\xbb\xbf  <HTML><p>x", "", "", Kind.HTML),
        (b"<div>A readme</div>\n\n# Title", "README.md", "", Kind.MARKDOWN),
        (b"<p>about %PDF-1.4</p>", "", "", Kind.HTML),
        (b"plain words", "", "text/html", Kind.HTML),
        (b"plain words", "a", "", Kind.TEXT),
        (b"plain words", "a.txt", "", Kind.TEXT),
        (b'{"text": "x"}\n', "a", "", Kind.JSON_LINES),
        (b'{"text": "x"}\n', "a.txt", "", Kind.TEXT),
        (b"<?xml version='1.0'?><!-- x --><rss>", "a.xml", "text/xml", Kind.FEED),
        (b"<?xml version='1.0'?><?xml-stylesheet href='x'?><feed xmlns='a'>", "", "", Kind.FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "", "", Kind.FEED),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", "", "", Kind.HTML),
        (zip_of({"a.txt": "x"}), "a.docx", "", Kind.ZIP),
        (docx(""), "a.zip", "", Kind.DOCX),
        (epub({}), "", "application/zip", Kind.EPUB),
    ],
)
def test_bytes_are_known_by_what_they_are(content: bytes, name: str, media_type: str, kind: Kind) -> None:
    assert kind_of(content[:4_096], BytesIO(content), name, media_type) is kind


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"\x89PNG\r\n", "a.html", "a PNG picture"),
        (b"{\\rtf1", "a.txt", "an RTF file; save it as .docx"),
        (b"\xd0\xcf\x11\xe0", "a.doc", "an old Office file; save it as .docx"),
        (zip_of({"content.xml": "x"}), "a.odt", "an OpenDocument file; save it as .docx"),
        (b"words", "a.pdf", "it is named .pdf and is none"),
        (b"<?xml version='1.0'?><svg/>", "", "XML of some kind"),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, name: str, told: str) -> None:
    with pytest.raises(UnreadableKindError, match=told):
        kind_of(content, BytesIO(content), name)


# ---- pages


def test_a_page_gives_its_article_and_what_it_tells_of_it() -> None:
    head = (
        "<meta name='author' content='Jane Doe'><meta property='article:published_time' content='2020-02-03T10:00:00Z'>"
        "<meta property='og:site_name' content='Example News'>"
        "<link rel='canonical' href='https://news.example.org/bridge?utm_source=feed'>"
    )

    found = article(
        "bridge", page(SENTENCES, "The bridge | Example News", head), "https://news.example.org/bridge?ref=x"
    )

    assert found == FileArticle(
        title="The bridge",
        source="https://news.example.org/bridge",
        author="Jane Doe",
        published_at=datetime(2020, 2, 3, tzinfo=UTC),
        language=None,
        text=found.text,
    )
    assert [line for line in found.text.split("\n\n") if line in SENTENCES] == SENTENCES
    assert "Home" not in found.text


def test_lists_and_tables_stay_readable_and_together() -> None:
    body = [
        *SENTENCES[:4],
        "</p><ul><li>Two lanes for cars</li><li>One for bicycles</li></ul><table><tr><th>Year</th><th>Cost</th></tr>"
        "<tr><td>2019</td><td>84</td></tr></table><p>",
        SENTENCES[4],
    ]

    text = article("a.html", page(body)).text

    assert "\n\n- Two lanes for cars\n- One for bicycles\n\nYear | Cost\n2019 | 84\n\n" in text


@pytest.mark.parametrize(
    ("title", "address", "wanted"),
    [
        ("The bridge - Example News", "https://examplenews.com/a", "The bridge"),
        ("The bridge · example", "https://www.example.org/a", "The bridge"),
        ("Elbe - the new bridge", "https://www.example.org/a", "Elbe - the new bridge"),
        ("The bridge", "https://www.example.org/a", "The bridge"),
    ],
)
def test_the_name_of_the_site_is_no_part_of_the_title(title: str, address: str, wanted: str) -> None:
    assert article("a", page(SENTENCES, title), address).title == wanted


@pytest.mark.parametrize(
    ("canonical", "source"),
    [
        ("https://www.example.org/b", "https://www.example.org/b"),
        ("https://m.example.org/a", "https://m.example.org/a"),
        ("https://www.example.org/", "https://www.example.org/a?id=1"),
        ("https://other.net/a", "https://www.example.org/a?id=1"),
    ],
)
def test_a_canonical_address_is_believed_within_its_site(canonical: str, source: str) -> None:
    html = page(SENTENCES, head=f"<link rel='canonical' href='{canonical}'>")

    assert article("a", html, "https://www.example.org/a?id=1").source == source


def test_the_source_of_an_uploaded_page_is_its_canonical_address_or_its_name() -> None:
    html = page(SENTENCES, head="<link rel='canonical' href='https://example.org/a'>")

    assert article("saved.html", html).source == "https://example.org/a"
    assert article("saved.html", page(SENTENCES)).source == "saved.html"


@pytest.mark.parametrize(
    "html",
    [
        page(["We use cookies. We and our partners store information on a device."] * 3, "Before you continue"),
        page(["Please enable JavaScript to continue."], "news.example"),
        page([SENTENCES[0], "Subscribe to continue reading this article. Already a subscriber? Log in."], "The bridge"),
        page(
            ["Wir und unsere Partner speichern Cookies. Alle akzeptieren oder ablehnen, wie Sie wünschen."] * 5, "Bitte"
        ),
        page(
            SENTENCES[:3],
            head='<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x", '
            '"isAccessibleForFree": false, "articleBody": "' + " ".join(SENTENCES * 4) + '"}</script>',
        ),
    ],
)
def test_a_wall_is_no_article(html: str) -> None:
    assert problem("a.html", html) is Problem.WALL


def test_an_article_about_cookies_is_no_wall() -> None:
    text = [*SENTENCES * 4, "We use cookies on most pages of the web, and nobody knows why we accept all cookies."]

    assert article("a.html", page([f"{n}. {one}" for n, one in enumerate(text)])).text


@pytest.mark.parametrize("html", [page(["Short."]), "<html><body><a href='/'>Home</a></body></html>"])
def test_a_page_with_a_few_words_is_no_article(html: str) -> None:
    assert problem("a.html", html) is Problem.TOO_LITTLE_TEXT


def test_a_short_article_in_a_dense_script_is_one() -> None:
    sentences = [f"第{n}座桥于二零一九年五月通车,工程历时九年,耗资八千四百万欧元。" for n in range(5)]

    assert article("a.html", page(sentences, "新桥")).text


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (page([*SENTENCES, "Über die Brücke"], head="<meta charset='iso-8859-1'>").encode("cp1252"), "Über die Brücke"),
        (
            page(["Новый мост через Эльбу открыт."] * 9, head="<meta charset=windows-1251>").encode("cp1251"),
            "Новый мост",
        ),
        (
            page(["新しい橋が五月に開通した。工事は九年かかった。"] * 9, head="<meta charset=shift_jis>").encode(
                "cp932"
            ),
            "新しい橋",
        ),
        (page([*SENTENCES, "Über die Brücke"]).encode("utf-16"), "Über die Brücke"),
        (page([*SENTENCES, "Über die Brücke"], head="<meta charset='iso-8859-1'>").encode(), "Über die Brücke"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_is_in(content: bytes, wanted: str) -> None:
    assert wanted in article("a.html", content).text


@given(st.text(max_size=200))
def test_parting_blocks_loses_no_letter(lines: str) -> None:
    def letters(text: str) -> list[str]:
        return [c for c in text if c.isalnum()]

    assert letters(paragraphs(lines)) == letters(lines)


# ---- PDF


def wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        lines = [*lines, word] if len(lines[-1]) + len(word) > width else [*lines[:-1], f"{lines[-1]} {word}".strip()]
    return lines


def test_a_pdf_gives_paragraphs_without_margins() -> None:
    pages = []
    for number in range(3):
        lines = [f"The Elbe Gazette {number}", ""]
        for sentence in SENTENCES[number * 2 : number * 2 + 2]:
            lines += [*wrapped(f"{sentence} {sentence}", 60), ""]
        pages.append([*lines, "", f"Page {number + 1} of 3"])

    found = article("gazette.pdf", pdf(pages, "The bridge"))

    assert found.text.split("\n\n") == [f"{sentence} {sentence}" for sentence in SENTENCES]
    assert (found.title, found.author, found.source) == ("The bridge", "Jane Doe", "gazette.pdf")
    assert found.published_at == datetime(2020, 2, 3, 3, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("told", ["", "untitled", "Microsoft Word - ", "report_final.docx"])
def test_a_pdf_that_tells_no_title_is_called_by_its_largest_line(told: str) -> None:
    lines = ["The Elbe bridge", "", *wrapped(" ".join(SENTENCES), 60)]

    assert article("a.pdf", pdf([lines], told, {"The Elbe bridge": 20})).title == "The Elbe bridge"


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ([["The Armen-", "ian side."]], "The Armenian side."),
        ([["It was re-", "elected, and re-elected again."]], "It was re-elected, and re-elected again."),
        ([["The Elbe-", "Brücke."]], "The Elbe-Brücke."),
        ([["a soft\u00ad", "ware"]], "a software"),
        ([["The \ufb01rst o\ufb03ce."]], "The first office."),
        ([["新しい橋が", "開通した。"]], "新しい橋が開通した。"),
        ([["A sentence that goes"], ["on over the page."]], "A sentence that goes on over the page."),
        ([["One.", "", "Two."]], "One.\n\nTwo."),
        (
            [["Same head", "One text."], ["Same head", "Two text."], ["Same head", "Three."]],
            "One text.\n\nTwo text.\n\nThree.",
        ),
        ([["Text one."], ["Text two.", "12"]], "Text one.\n\nText two."),
        ([], ""),
        ([[], [""]], ""),
    ],
)
def test_lines_become_paragraphs(pages: list[list[str]], text: str) -> None:
    assert join_lines(pages) == text


@given(st.lists(st.lists(st.text(max_size=30), max_size=6), max_size=1))
def test_joining_the_lines_of_one_page_loses_no_letter(pages: list[list[str]]) -> None:
    def letters(text: str) -> str:
        return "".join(filter(str.isalpha, text.translate({0xFB00 + n: "f" for n in range(7)})))

    given_letters = letters("".join(line for one in pages for line in one))

    assert len(letters(join_lines(pages))) >= len(given_letters)


# ---- DOCX


def test_a_docx_gives_what_a_reader_sees() -> None:
    body = "".join(
        [
            word_paragraph("The bridge", '<w:pStyle w:val="Heading1"/>'),
            word_paragraph("It opened."),
            word_paragraph("Two lanes", "<w:numPr/>"),
            word_paragraph("One path", "<w:numPr/>"),
            "<w:p><w:ins><w:r><w:t>Added </w:t></w:r></w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
            "<w:r><w:t>words</w:t><w:br/><w:t>and a line.</w:t></w:r></w:p>",
            word_paragraph("secret", run="<w:vanish/>"),
            word_paragraph("shown", run='<w:vanish w:val="0"/>'),
            "<w:sdt><w:sdtContent>" + word_paragraph("In a control.") + "</w:sdtContent></w:sdt>",
            "<w:tbl><w:tr><w:tc>" + word_paragraph("Year") + "</w:tc><w:tc>" + word_paragraph("Cost") + "</w:tc></w:tr>"
            "<w:tr><w:tc>" + word_paragraph("2019") + "</w:tc><w:tc>" + word_paragraph("84") + "</w:tc></w:tr></w:tbl>",
            "<w:p><w:r><w:t>Anchor.</w:t><w:pict><w:txbxContent>"
            + word_paragraph("In a box.")
            + "</w:txbxContent></w:pict></w:r></w:p>",
        ]
    )
    facts = (
        '<p xmlns:dc="a" xmlns:t="b"><dc:creator>Jane Doe</dc:creator><t:created>2020-02-03T04:05:06Z</t:created></p>'
    )

    found = article("bridge.docx", docx(body, {"docProps/core.xml": facts}))

    assert found == FileArticle(
        title="The bridge",
        source="bridge.docx",
        author="Jane Doe",
        published_at=datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC),
        language=None,
        text="The bridge\n\nIt opened.\n\n- Two lanes\n- One path\n\nAdded words\nand a line.\n\nshown\n\n"
        "In a control.\n\nYear | Cost\n2019 | 84\n\nAnchor.\n\nIn a box.",
    )


# ---- EPUB


def test_each_chapter_of_a_book_is_an_article() -> None:
    long = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    chapters = {
        "cover.xhtml": "<h1>Rivers</h1>",
        "one.xhtml": f"<h1>I</h1>{long}",
        "one-b.xhtml": f"<p>And on.</p>{long}",
        "two.xhtml": f"<ul><li>A</li><li>B</li></ul>{long}<table><tr><td>x</td><td>y</td></tr></table>",
    }

    found = extracted("rivers.epub", epub(chapters, {"one.xhtml": "The source", "two.xhtml#top": "The mouth"}))

    articles = [one for one in found if isinstance(one, FileArticle)]
    assert [(one.title, one.source) for one in articles] == [
        ("Rivers: The source", "rivers.epub#OEBPS/cover.xhtml"),
        ("Rivers: The mouth", "rivers.epub#OEBPS/two.xhtml"),
    ]
    assert "And on." in articles[0].text
    assert articles[1].text.startswith(f"- A\n- B\n\n{SENTENCES[0]}\n\n{SENTENCES[1]}")
    assert articles[1].text.endswith("x | y")
    assert (articles[0].author, articles[0].language) == ("Jane Doe", "en")
    assert articles[0].published_at == datetime(2020, 2, 3, tzinfo=UTC)


def test_a_book_without_a_table_of_contents_is_called_by_its_headings() -> None:
    long = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)

    found = extracted("a.epub", epub({"1.xhtml": f"<h2>Spring</h2>{long}", "2.xhtml": long}))

    assert [one.title for one in found if isinstance(one, FileArticle)] == ["Rivers: Spring", "Rivers: 2"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a\n b<br>c</p><p>d</p>", "a b\nc\n\nd"),
        ("<div>a<p>b</p>c</div>", "a\n\nb\n\nc"),
        ("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>d", "- a\n- b\n- c\n\nd"),
        ("<p>a<script>x</script><!-- y -->b</p>", "ab"),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a | b | c"),
        ("", ""),
    ],
)
def test_markup_is_written_as_blocks(markup: str, text: str) -> None:
    assert Blocks(markup).text == text


# ---- archives and lines


def test_a_zip_gives_an_article_for_each_member() -> None:
    found = extracted(
        "news.zip",
        zip_of({"a.md": "# One\n\nIt opened.", "b/c.txt": "Two.", "b/": "", ".git/x.txt": "no", "d.exe": b"MZ\0"}),
    )

    assert [one.source if isinstance(one, FileArticle) else one.path for one in found] == [
        "news.zip/a.md",
        "news.zip/b/c.txt",
        "news.zip/d.exe",
    ]
    assert isinstance(found[2], UnusableSourceError)


def test_lines_of_json_are_articles() -> None:
    lines = (
        '\ufeff{"title": "A", "text": "One.", "url": "https://example.org/a", "author": ["J", "K"], '
        '"date": "2020-02-03", "lang": "en-GB"}\n\n{"text": "Two.", "id": 7}\nnot json\n'
        '{"content": "Three. \\u0000", "published_at": 1580688000}'
    )

    found = extracted("news.jsonl", lines)

    assert found[0] == FileArticle("A", "https://example.org/a", "J, K", datetime(2020, 2, 3, tzinfo=UTC), "en", "One.")
    assert isinstance(found[1], FileArticle)
    assert (found[1].title, found[1].source) == ("Two.", "news.jsonl#7")
    assert isinstance(found[2], UnusableSourceError)
    assert (found[2].path, found[2].problem) == ("news.jsonl, line 4", Problem.BAD_LINE)
    assert found[3] == FileArticle(
        "Three.", "news.jsonl#5", None, datetime(2020, 2, 3, tzinfo=UTC), None, "Three.", True
    )


@pytest.mark.parametrize(
    ("name", "content", "limits"),
    [
        ("a.html", page(SENTENCES), Limits(text_bytes=100)),
        ("a.txt", "x" * 101, Limits(text_bytes=100)),
        ("a.txt", "x" * 101, Limits(characters=100)),
        ("a.html", page(SENTENCES), Limits(characters=100)),
        ("a.pdf", pdf([wrapped(" ".join(SENTENCES), 60)]), Limits(characters=100)),
        ("a.pdf", pdf([["x"], ["y"]]), Limits(pdf_pages=1)),
        ("a.docx", docx(word_paragraph("x" * 101)), Limits(characters=100)),
        ("a.docx", docx(word_paragraph("x" * 101)), Limits(part_bytes=100)),
        ("a.docx", docx(word_paragraph("x" * 101)), Limits(document_bytes=100)),
        ("a.docx", docx(word_paragraph("x")), Limits(document_parts=1)),
        ("a.zip", zip_of({"a.txt": "a", "b.txt": "b"}), Limits(archive_members=1)),
        ("a.zip", zip_of({"a.txt": "a" * 60, "b.txt": "b" * 60}), Limits(archive_bytes=100)),
    ],
)
def test_what_is_over_a_limit_is_refused(name: str, content: bytes | str, limits: Limits) -> None:
    assert problem(name, content, limits) is Problem.TOO_LARGE


@settings(max_examples=60)
@given(
    st.binary(max_size=300), st.sampled_from(["a.html", "a.txt", "a.md", "a.jsonl", "a", "a.docx", "a.epub", "a.zip"])
)
def test_any_bytes_are_articles_or_a_problem(content: bytes, name: str) -> None:
    try:
        found = extracted(name, content)
    except UnusableSourceError:
        return
    assert found
    assert all(one.text.strip() and one.title for one in found if isinstance(one, FileArticle))
