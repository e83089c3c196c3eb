"""All traffic stays on 127.0.0.0/8. Where a test needs a public server, 127.0.0.2 stands for one."""

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio

from index.ingestion.addresses import AllowedHost, why_not_public
from index.ingestion.fetching import Fetcher
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.requesting import Fetched, NotModified
from index.ingestion.rules import FetchRules
from tests.support.web import Names, Request, Web, redirect, reply, served

PAGE = b"<!doctype html><title>t</title><p>" + b"hello world " * 50


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


def rules_for(web: Web) -> FetchRules:
    return FetchRules(
        contact="mailto:ops@example.org",
        allowed_hosts=(AllowedHost("127.0.0.1", web.port),),
        timeout_s=3.0,
        idle_s=1.0,
        max_bytes=256 * 1024,
        pause_s=0.0,
    )


@pytest_asyncio.fixture
async def fetcher(web: Web) -> AsyncIterator[Fetcher]:
    async with Fetcher(rules_for(web)) as fetcher:
        yield fetcher


async def fetched(fetcher: Fetcher, address: str) -> Fetched:
    found = await fetcher.fetch(address)
    assert isinstance(found, Fetched)
    return found


async def problem_of(fetcher: Fetcher, address: str, *, as_crawler: bool = False) -> Problem:
    with pytest.raises(UnusableSourceError) as caught:
        await fetcher.fetch(address, as_crawler=as_crawler)
    assert caught.value.path
    assert caught.value.reason.endswith(caught.value.problem.advice)
    return caught.value.problem


async def test_a_page_comes_with_what_the_server_told_of_it(web: Web, fetcher: Fetcher) -> None:
    web.routes["/a"] = reply(
        PAGE,
        headers={
            "Content-Type": "Text/HTML; charset=iso-8859-1",
            "ETag": '"x1"',
            "Last-Modified": "Mon, 06 Sep 2021 00:01:00 GMT",
            "Cache-Control": "public, max-age=600",
        },
    )

    assert await fetcher.fetch(web.url("/a")) == Fetched(
        address=web.url("/a"),
        moved_to=None,
        content=PAGE,
        media_type="text/html",
        charset="iso-8859-1",
        etag='"x1"',
        last_modified="Mon, 06 Sep 2021 00:01:00 GMT",
        max_age_s=600,
    )


async def test_the_client_tells_who_it_is(web: Web, fetcher: Fetcher) -> None:
    web.routes["/a"] = reply(PAGE)

    await fetcher.fetch(web.url("/a"))

    assert web.requests[0].headers["user-agent"] == "Footnote (+mailto:ops@example.org)"
    assert web.requests[0].headers["accept-encoding"] == "gzip, deflate"


async def test_what_did_not_change_is_not_sent_again(web: Web, fetcher: Fetcher) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        same = request.headers.get("if-none-match") == '"x1"' and request.headers.get("if-modified-since") == "then"
        writer.write(reply(b"", "304 Not Modified") if same else reply(PAGE))

    web.routes["/a"] = answer

    assert await fetcher.fetch(web.url("/a"), etag='"x1"', last_modified="then") == NotModified(
        web.url("/a"), None, None
    )
    assert isinstance(await fetcher.fetch(web.url("/a"), etag='"x2"', last_modified="then"), Fetched)


async def test_an_etag_that_would_break_a_header_is_not_sent(web: Web, fetcher: Fetcher) -> None:
    web.routes["/a"] = reply(PAGE)

    await fetcher.fetch(web.url("/a"), etag='"x"\r\nHost: evil', last_modified="ü")

    assert "if-none-match" not in web.requests[0].headers
    assert "if-modified-since" not in web.requests[0].headers


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PAGE, mtime=0)),
        ("x-gzip", gzip.compress(PAGE, mtime=0)),
        ("gzip", gzip.compress(PAGE[:300], mtime=0) + gzip.compress(PAGE[300:], mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compressobj(wbits=-15).compress(b"") + zlib.compress(PAGE)[2:-4]),
        ("identity", PAGE),
    ],
)
async def test_a_compressed_body_is_decompressed(web: Web, fetcher: Fetcher, encoding: str, body: bytes) -> None:
    web.routes["/a"] = reply(body, headers={"Content-Encoding": encoding})

    assert (await fetched(fetcher, web.url("/a"))).content == PAGE


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("204 No Content", Problem.HTTP_STATUS),
        ("304 Not Modified", Problem.HTTP_STATUS),
        ("401 Unauthorized", Problem.NOT_ALLOWED),
        ("402 Payment Required", Problem.WALL),
        ("403 Forbidden", Problem.NOT_ALLOWED),
        ("404 Not Found", Problem.MISSING),
        ("410 Gone", Problem.GONE),
        ("429 Too Many Requests", Problem.TRY_LATER),
        ("451 Unavailable For Legal Reasons", Problem.NOT_ALLOWED),
        ("500 Oops", Problem.HTTP_STATUS),
        ("503 Service Unavailable", Problem.TRY_LATER),
        ("999 No", Problem.HTTP_STATUS),
    ],
)
async def test_a_status_says_what_to_do(web: Web, fetcher: Fetcher, status: str, problem: Problem) -> None:
    web.routes["/a"] = reply(b"", status)

    assert await problem_of(fetcher, web.url("/a")) is problem


async def test_the_status_is_told(web: Web, fetcher: Fetcher) -> None:
    with pytest.raises(UnusableSourceError) as caught:
        await fetcher.fetch(web.url("/nothing"))

    assert caught.value.detail == "HTTP 404 Not Found"
    assert caught.value.path == web.url("/nothing")


async def test_pictures_are_not_loaded(web: Web, fetcher: Fetcher) -> None:
    web.routes["/a"] = reply(b"x", headers={"Content-Type": "image/png", "Content-Length": "100000"})

    assert await problem_of(fetcher, web.url("/a")) is Problem.UNSUPPORTED_TYPE


async def test_redirects_are_followed(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {"/a": redirect("/b"), "/b": redirect(web.url("/c"), "301 Moved"), "/c": reply(PAGE)}

    found = await fetched(fetcher, web.url("/a"))

    assert (found.address, found.moved_to, web.paths) == (web.url("/c"), None, ["/a", "/b", "/c"])


async def test_an_address_that_moved_for_good_is_told(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {"/a": redirect("/b", "301 Moved"), "/b": redirect("/c", "308 Moved"), "/c": reply(PAGE)}

    assert (await fetched(fetcher, web.url("/a"))).moved_to == web.url("/c")


@pytest.mark.parametrize("hops", [5, 6])
async def test_only_so_many_redirects_are_followed(web: Web, fetcher: Fetcher, hops: int) -> None:
    web.routes |= {f"/{n}": redirect(f"/{n - 1}") for n in range(1, hops + 1)} | {"/0": reply(PAGE)}

    if hops == 5:
        assert (await fetched(fetcher, web.url(f"/{hops}"))).address == web.url("/0")
    else:
        assert await problem_of(fetcher, web.url(f"/{hops}")) is Problem.BAD_REDIRECT


async def test_no_cookie_is_sent_back(web: Web, fetcher: Fetcher) -> None:
    web.routes["/a"] = reply(PAGE, headers={"Set-Cookie": "a=b"})

    await fetcher.fetch(web.url("/a"))
    await fetcher.fetch(web.url("/a"))

    assert "cookie" not in web.requests[1].headers


async def test_a_host_is_asked_one_thing_at_a_time(web: Web, fetcher: Fetcher) -> None:
    async def slowly(_: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        writer.write(reply(PAGE))

    web.routes["*"] = slowly

    await asyncio.gather(*(fetcher.fetch(web.url(f"/{n}")) for n in range(6)))

    assert len(web.requests) == 6
    assert web.most_at_once == 1


async def test_hosts_are_asked_at_the_same_time_up_to_a_limit() -> None:
    async with served("127.0.0.1") as one, served("127.0.0.3", one.port) as two, served("127.0.0.4", one.port) as three:
        now = most = 0

        async def slowly(_: Request, writer: asyncio.StreamWriter) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.1)
            now -= 1
            writer.write(reply(PAGE))

        webs = (one, two, three)
        for web in webs:
            web.routes["/"] = slowly
        rules = replace(
            rules_for(one), allowed_hosts=tuple(AllowedHost(web.address, web.port) for web in webs), at_once=2
        )
        async with Fetcher(rules) as fetcher:
            await asyncio.gather(*(fetcher.fetch(web.url()) for web in webs))

        assert most == 2


@pytest.mark.alone
async def test_there_is_a_pause_between_two_requests_to_a_host(web: Web) -> None:
    web.routes |= {"/a": redirect("/b"), "/b": reply(PAGE)}

    async with Fetcher(replace(rules_for(web), pause_s=0.3)) as fetcher:
        began = time.perf_counter()
        await fetcher.fetch(web.url("/a"))
        assert time.perf_counter() - began < 0.25
        await fetcher.fetch(web.url("/a"))
        assert time.perf_counter() - began >= 0.3


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_server_that_wants_to_be_left_alone_is(web: Web, as_date: bool) -> None:
    now = 0.0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=101), usegmt=True)
    web.routes["/a"] = reply(b"", "429 Too Many", {"Retry-After": later if as_date else "100"})
    web.routes["/b"] = reply(PAGE)

    async with Fetcher(rules_for(web), clock=lambda: now) as fetcher:
        with pytest.raises(UnusableSourceError) as caught:
            await fetcher.fetch(web.url("/a"))
        assert caught.value.retry_after_s == pytest.approx(100, abs=2)
        now = 90.0
        with pytest.raises(UnusableSourceError) as caught:
            await fetcher.fetch(web.url("/b"))
        assert (caught.value.problem, web.paths) == (Problem.TRY_LATER, ["/a"])
        now = 103.0
        assert isinstance(await fetcher.fetch(web.url("/b")), Fetched)


async def test_a_crawler_obeys_robots_txt_and_reads_it_once(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {
        "/robots.txt": reply(
            "User-agent: *\nDisallow: /\n\nUser-agent: footnote\nDisallow: /private/\nAllow: /private/x\n"
        ),
        "/a": reply(PAGE),
        "/private/a": reply(PAGE),
        "/private/x": reply(PAGE),
    }

    await fetcher.fetch(web.url("/a"), as_crawler=True)
    await fetcher.fetch(web.url("/private/x"), as_crawler=True)
    assert await problem_of(fetcher, web.url("/private/a"), as_crawler=True) is Problem.ROBOTS

    assert web.paths == ["/robots.txt", "/a", "/private/x"]


async def test_a_person_may_ask_for_what_a_crawler_may_not(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {"/robots.txt": reply("User-agent: *\nDisallow: /\n"), "/a": reply(PAGE)}

    assert (await fetched(fetcher, web.url("/a"))).content == PAGE


async def test_a_crawler_obeys_robots_txt_at_each_redirect(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {"/robots.txt": reply("User-agent: *\nDisallow: /b\n"), "/a": redirect("/b"), "/b": reply(PAGE)}

    assert await problem_of(fetcher, web.url("/a"), as_crawler=True) is Problem.ROBOTS


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "418 Teapot"])
async def test_without_robots_txt_all_is_allowed(web: Web, fetcher: Fetcher, status: str) -> None:
    web.routes |= {"/robots.txt": reply(b"", status), "/a": reply(PAGE)}

    assert isinstance(await fetcher.fetch(web.url("/a"), as_crawler=True), Fetched)


async def test_a_server_that_cannot_give_robots_txt_is_left_alone(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {"/robots.txt": reply(b"", "500 Oops"), "/a": reply(PAGE)}

    assert await problem_of(fetcher, web.url("/a"), as_crawler=True) is Problem.TRY_LATER


async def test_a_robots_txt_without_end_is_read_as_far_as_it_counts(web: Web, fetcher: Fetcher) -> None:
    web.routes |= {
        "/robots.txt": reply(b"User-agent: *\nDisallow: /b\n" + b"# nothing\n" * 100_000),
        "/a": reply(PAGE),
        "/b": reply(PAGE),
    }

    assert isinstance(await fetcher.fetch(web.url("/a"), as_crawler=True), Fetched)
    assert await problem_of(fetcher, web.url("/b"), as_crawler=True) is Problem.ROBOTS


async def test_a_crawl_delay_is_kept_within_reason(web: Web) -> None:
    web.routes |= {"/robots.txt": reply("User-agent: *\nCrawl-delay: 1000\n"), "/a": reply(PAGE)}

    async with Fetcher(replace(rules_for(web), longest_pause_s=0.2)) as fetcher:
        await fetcher.fetch(web.url("/a"), as_crawler=True)
        began = time.perf_counter()
        await fetcher.fetch(web.url("/a"), as_crawler=True)

    assert 0.15 < time.perf_counter() - began < 1.5


async def test_names_are_looked_up_and_allowed_by_name(web: Web) -> None:
    web.routes["/a"] = reply(PAGE)
    names = Names({"wiki.lan": ["127.0.0.1"]})

    async with Fetcher(replace(rules_for(web), allowed_hosts=(AllowedHost("wiki.lan", web.port),)), names) as fetcher:
        assert (await fetched(fetcher, f"http://wiki.lan:{web.port}/a")).content == PAGE
        assert await problem_of(fetcher, f"http://127.0.0.1:{web.port}/a") is Problem.BAD_ADDRESS


async def test_a_name_that_nobody_knows_is_told() -> None:
    async with Fetcher(FetchRules(), Names({})) as fetcher:
        assert await problem_of(fetcher, "http://nowhere.site.net/") is Problem.UNKNOWN_HOST


async def test_a_closed_port_is_told(web: Web) -> None:
    async with served("127.0.0.5") as gone:
        pass
    async with Fetcher(replace(rules_for(web), allowed_hosts=(AllowedHost("127.0.0.5", gone.port),))) as fetcher:
        assert await problem_of(fetcher, gone.url()) is Problem.UNREACHABLE


async def test_the_environment_names_no_proxy(web: Web, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    web.routes["/a"] = reply(PAGE)

    assert isinstance(await fetcher.fetch(web.url("/a")), Fetched)


def public_is_127_0_0_2(address: str) -> str | None:
    return None if address == "127.0.0.2" else why_not_public(address) or "not in this test"


async def test_a_public_name_is_fetched_without_being_allowed() -> None:
    async with served("127.0.0.2") as web:
        web.routes["/a"] = reply(PAGE)
        rules = FetchRules(ports=frozenset({web.port}), pause_s=0.0)
        async with Fetcher(rules, Names({"pub.site.net": ["127.0.0.2"]}), public_is_127_0_0_2) as fetcher:
            assert (await fetched(fetcher, f"http://pub.site.net:{web.port}/a")).content == PAGE
