"""Feeds every parser with damaged files for a while: `python tools/fuzz.py [--seconds 60] [--only pdf,html]`.

Good files are damaged at random - bytes flipped, cut, repeated, spliced with other files - and read by the very worker
that reads strangers' files; what the bot's own process reads (robots.txt, compressed answers) is read in this one. What
must come is an article or a reason. A Python error that no parser expected, or a process that is lost for another
reason than its limits, is a finding: the file is kept in the folder `fuzz-findings`, and the command ends with status
1. `--seed` repeats a run.
"""

import argparse
import asyncio
import gzip
import json
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).parents[1]))

from index.ingestion.extracting.sources import Limits
from index.ingestion.files import FileArticle
from index.ingestion.inflating import InflateError, Inflater
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.robots import Robots
from index.ingestion.worker import Bytes, WorkerRules, Workers
from tests.support.documents import docx, epub, page, pdf, word_paragraph, zip_of

_LONGEST = 200_000
_TEXT = "The new bridge over the Elbe opened to traffic in May 2019, after nine years of work and two floods."
_WORDS: Sequence[bytes] = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"<", b">", b"&", b'"', b"'", b"]]>", b"<!--", b"<![CDATA[",
    b"<!DOCTYPE a [", b"<!ENTITY a '&b;'>", b"&a;", b"&#0;", b"&#xD800;", b"<table>", b"<ul><li>", b"<script>", b"</",
    b"{", b"[", b"\\u0000", b"\\ud800", b"1e999", b"-1", b"0", b"4294967296", b"endobj", b"stream", b"/Kids [1 0 R]",
    b"/Length 0", b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xed\xa0\x80", "\u202e".encode(), "\ufb01".encode(),
    b"\r", b"\n\n\n", b"---\n", b"|", b"```",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Target:
    """A parser.

    Attributes:
        name: What its files are called.
        seeds: Good files.
        is_feed: It reads feeds, not articles.
        is_package: Its files are ZIP files, of which the members are damaged more often than the whole.
        read: Reads a file in this process; nothing is to be raised.
    """

    name: str
    seeds: Sequence[bytes]
    is_feed: bool = False
    is_package: bool = False
    read: Callable[[bytes], object] | None = None


@dataclass(slots=True)
class _Score:
    files: int = 0
    articles: int = 0
    slowest_s: float = 0.0
    problems: Counter[str] = field(default_factory=Counter)
    findings: int = 0


def _targets() -> dict[str, _Target]:
    body = [f"{number}. {_TEXT}" for number in range(6)]
    head = "<meta name='author' content='J'><link rel=canonical href='https://e.org/a'><base href='/x'>"
    paid = '<script type="application/ld+json">{"isAccessibleForFree": false, "headline": "x"}</script>'
    html = page([*body, "</p><ul><li>a<li>b</ul><table><tr><td>1<td>2</table><pre>x</pre><p>"], head=head)
    sold = page(body * 4, head=paid)
    chapters = {"a.xhtml": "".join(f"<p>{one}</p>" for one in body), "b.xhtml": "<h1>B</h1><p>x</p>"}
    table = f"<w:tbl><w:tr><w:tc>{word_paragraph('a')}</w:tc></w:tr></w:tbl>"
    facts = '<p xmlns:dc="a"><dc:title>T</dc:title><created>2020-02-03</created></p>'
    word = docx(word_paragraph(_TEXT) * 3 + word_paragraph("x", "<w:numPr/>") + table, {"docProps/core.xml": facts})
    rss = (
        "<rss version='2.0'><channel><title>T</title><ttl>60</ttl><item><guid>1</guid><link>/a</link><title>A</title>"
        "<pubDate>Mon, 03 Feb 2020 05:05:06 +0100</pubDate></item></channel></rss>"
    )
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><link href='/a'/><updated>2020-02-03T04:05:06Z"
        "</updated></entry></feed>"
    )
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": 1, "url": "/a", "title": "A", "date_published": "2020-02-03T05:05:06+01:00"}],
    }
    sitemap = b"<urlset><url><loc>https://e.org/a</loc><lastmod>2020-02-03</lastmod></url></urlset>"
    named = b"<html><head><base href='/b/'><link rel=alternate type=application/rss+xml href=/feed title=x>"
    lines = [{"text": _TEXT, "title": "A", "url": "/a", "date": "2020-02-03", "author": ["J"]}, {"text": "b", "id": 1}]
    markdown = (
        f"---\ntitle: A\ndate: 2020-02-03\n---\n# B\n\n{_TEXT}\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```\nx\n```\n"
    )
    robots = (
        b"# all\nUser-agent: *\nUser-agent: footnote/2\nDisallow: /*.pdf$\nAllow: /a/\nCrawl-delay: 1.5\n"
        b"Request-rate: 1/5s 0900-1700\nVisit-time: 0900-1700\nSitemap: https://e.org/s.xml\nDisallow: /%C3%A4?b=\n"
    )
    zipped = zip_of({"a.md": markdown, "b/c.html": html, "d.docx": word, "e.txt": _TEXT})
    return {
        "html": _Target("a.html", [html.encode(), html.encode("utf-16"), sold.replace("E", "Ü").encode("cp1252")]),
        "pdf": _Target("a.pdf", [pdf([[_TEXT[:60], "", *body], body], "T", {body[0]: 20}), pdf([[]])]),
        "docx": _Target("a.docx", [word], is_package=True),
        "epub": _Target("a.epub", [epub(chapters, {"a.xhtml": "A"})], is_package=True),
        "zip": _Target("a.zip", [zipped], is_package=True),
        "jsonl": _Target("a.jsonl", ["\n".join(map(json.dumps, lines)).encode()]),
        "markdown": _Target("a.md", [markdown.encode()]),
        "text": _Target("a.txt", [_TEXT.encode(), "Über die Müritz".encode("cp1252") * 9, _TEXT.encode("utf-16")]),
        "feed": _Target("feed", [rss.encode(), atom.encode(), json.dumps(feed).encode()], is_feed=True),
        "sitemap": _Target("sitemap", [sitemap, gzip.compress(sitemap)], is_feed=True),
        "discovery": _Target("page", [named], is_feed=True),
        "robots": _Target("robots.txt", [robots, robots.replace(b"\n", b"\r\n")], read=_judge),
        "compression": _Target("a.gz", [gzip.compress(robots) * 2, zlib.compress(robots)], read=_inflate),
    }


def _judge(content: bytes) -> None:
    allowed, delay_s = Robots(content).judge("https://e.org/a/b?c=%C3%A4#d", "Footnote")
    assert isinstance(allowed, bool)
    assert 0 <= delay_s < float("inf")


def _inflate(content: bytes) -> None:
    for encoding in ("gzip", "deflate"):
        inflater = Inflater(encoding, _LONGEST)
        with suppress(InflateError):
            given = sum(len(inflater.feed(content[at : at + 999])) for at in range(0, len(content), 999))
            assert given <= _LONGEST
            inflater.finish()


def _next_file(chance: random.Random, target: _Target) -> bytes:
    """A damaged file, or a sound ZIP file of which one member is damaged."""
    seed = chance.choice(target.seeds)
    if target.is_package and chance.random() < 0.8:
        with ZipFile(BytesIO(seed)) as archive:
            members: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice(list(members))
        content = members[name]
        assert isinstance(content, bytes)
        return zip_of(members | {name: _damaged(chance, content, [content])})
    damaged = _damaged(chance, seed, target.seeds)
    # PDF and ZIP are known by their first bytes, and damage to these tests nothing but that.
    if seed.startswith((b"%PDF", b"PK")) and chance.random() < 0.9:
        return seed[:4] + damaged[4:]
    return damaged


def _damaged(chance: random.Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    content = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(content) + 1)
        to = min(len(content), at + chance.choice((1, 2, 8, 64, 512)))
        match chance.randrange(6):
            case 0:
                content[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del content[at:to]
            case 2:
                content[at:at] = chance.choice(_WORDS) * chance.choice((1, 1, 9, 300))
            case 3:
                content[at:at] = content[at:to] * chance.choice((1, 2, 50))
            case 4:
                del content[at:]
            case _:
                content[at:at] = chance.choice(others)[: chance.randrange(999)]
    return bytes(content[:_LONGEST])


async def _read(workers: Workers, target: _Target, content: bytes) -> list[FileArticle | UnusableSourceError]:
    if target.read is not None:
        try:
            await asyncio.to_thread(target.read, content)
        except Exception as error:
            return [UnusableSourceError(target.name, Problem.CRASHED, f"{type(error).__name__}: {error}")]
        return []
    given = Bytes(target.name, content, "https://e.org/feed" if target.is_feed else None)
    if target.is_feed:
        try:
            await workers.feed(given)
        except UnusableSourceError as error:
            return [error]
        return []
    async with aclosing(workers.articles(given)) as found:
        return [item async for item in found]


async def _fuzz(name: str, target: _Target, seconds: float, seed: int, folder: Path) -> _Score:
    chance = random.Random(f"{seed} {name}")
    score = _Score()
    rules = WorkerRules(processes=1, memory_bytes=512 * 1024 * 1024, cpu_s=10, wall_s=30.0, requests=100_000)
    end = time.monotonic() + seconds
    async with Workers(rules, Limits()) as workers:
        while time.monotonic() < end:
            content = _next_file(chance, target)
            began = time.monotonic()
            items = await _read(workers, target, content)
            score.files += 1
            score.slowest_s = max(score.slowest_s, time.monotonic() - began)
            score.articles += sum(isinstance(item, FileArticle) for item in items)
            problems = [item for item in items if isinstance(item, UnusableSourceError)]
            score.problems.update(str(item.problem) for item in problems)
            empty = [item for item in items if isinstance(item, FileArticle) and not (item.text.strip() and item.title)]
            crashed = [item for item in problems if item.problem is Problem.CRASHED]
            if empty or crashed or not (items or target.is_feed or target.read):
                score.findings += 1
                kept = folder / f"{name}-{seed}-{score.files}-{target.name}"
                await asyncio.to_thread(kept.write_bytes, content)
                print(f"  {kept}: {crashed[0].reason if crashed else 'an empty article'}", flush=True)
    return score


def main() -> int:
    """Run the targets one after another and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each parser")
    parser.add_argument("--only", default="", help="names of parsers, with commas")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", type=Path, default=Path("fuzz-findings"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    targets = _targets()
    names = [name for name in options.only.split(",") if name] or list(targets)
    print(f"seed {options.seed}", flush=True)
    findings = 0
    for name in names:
        score = asyncio.run(_fuzz(name, targets[name], options.seconds, options.seed, options.folder))
        findings += score.findings
        told = ", ".join(f"{count} {problem}" for problem, count in score.problems.most_common())
        print(
            f"{name}: {score.files} files, {score.articles} articles, slowest {score.slowest_s:.1f} s, "
            f"{score.findings} findings; {told}",
            flush=True,
        )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
