"""The commands that fetch and follow: real pages on the loopback, a real SQLite file, and what is printed."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from index import Gatherer, Job, Library
from tests.support.command_line import Run, as_json, told
from tests.support.documents import docx, lines, page, pdf, word_paragraph, zip_of
from tests.support.pages import feed
from tests.support.web import Web, redirect, reply, served_aside

FEED_KEYS = {
    "id", "collection", "address", "kind", "title", "path_filter", "interval_min", "most", "language", "channel",
    "threads", "added_by", "added_at", "checked_at", "next_check_at", "failures", "failing_since", "problem",
    "problem_kind", "enabled", "articles",
}  # fmt: skip


@pytest.fixture
def web() -> Iterator[Web]:
    with served_aside() as web:
        web.routes["/bridge"] = reply(page(lines("bridge"), title="The bridge of Karrow"))
        web.routes["/harbour"] = reply(page(lines("harbour"), title="The harbour of Karrow"))
        yield web


@pytest.fixture
def environment(store: str, web: Web) -> Mapping[str, str]:
    return {"DATABASE_URL": store, "FETCH_ALLOWED_HOSTS": f"{web.address}:{web.port}"}


@pytest.fixture(autouse=True)
def _library(store: str) -> None:
    """There is one, without articles."""

    async def make() -> None:
        await (await Library.open(store)).close()

    asyncio.run(make())


def submitted(store: str, addresses: Sequence[str], collection: str = "shared") -> Job:
    """A job that waits, as the bot has it between a command and its turn."""

    async def submit() -> Job:
        async with await Library.open(store) as library, await Gatherer.open(library) as gatherer:
            return await gatherer.submit_links(addresses, collection)

    return asyncio.run(submit())


# ---- add


def test_an_address_becomes_an_article_that_answers(run: Run, web: Web) -> None:
    code, out, err = run("add", web.url("/bridge"))

    assert (code, err) == (0, "")
    assert "The bridge of Karrow" in out
    assert out.endswith("1 added\n")
    answer = as_json(run("ask", "--json", "When was the bridge opened?"))
    assert answer["article"]["source"] == web.url("/bridge")
    assert "May 2019" in answer["quote"]


def test_of_several_addresses_one_that_fails_is_one_line_and_the_others_are_added(run: Run, web: Web) -> None:
    ran = run("add", web.url("/bridge"), web.url("/none"), web.url("/harbour"), "--json")

    assert told(ran).startswith(f"footnote: {web.url('/none')}: ")
    outcomes = json.loads(ran[1])
    assert [one["change"] for one in outcomes] == ["added", None, "added"]
    assert outcomes[1]["source"] == web.url("/none")
    assert {one["source"] for one in as_json(run("list", "--json"))} == {web.url("/bridge"), web.url("/harbour")}


def test_several_addresses_that_fail_are_counted_in_one_line(run: Run, web: Web) -> None:
    line = told(run("add", web.url("/none"), "ftp://example.org/a", web.url("/bridge")))

    assert f"2 of 3 were not added; the first is {web.url('/none')}" in line


def test_what_is_no_article_is_told_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("---\ntitle: A\n---\n")
    (tmp_path / "large.txt").write_bytes(b"word " * 1_700_000)

    outcomes = json.loads(run("add", "empty.md", "large.txt", "example.org/news", "--json")[1])

    assert [one["problem"] for one in outcomes] == [
        "it holds no text; check that it is the right one",
        "it is too large (over 8 MiB); split it, or give only the part that matters",
        "there is no such file; look for a typing mistake; web addresses begin with https://",
    ]


def test_an_address_of_ones_own_network_has_to_be_allowed(run: Run, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "")

    told(run("add", web.url("/bridge")))
    assert web.paths == []


def test_a_folder_of_all_kinds_and_an_address_are_added_at_once(run: Run, web: Web, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.html").write_text(page(lines("lighthouse")), "utf-8")
    (folder / "b.pdf").write_bytes(pdf([lines("museum")]))
    (folder / "c.docx").write_bytes(docx("".join(map(word_paragraph, lines("dam")))))
    (folder / "d.zip").write_bytes(zip_of({"inside.md": "\n\n".join(lines("tram"))}))

    outcomes = as_json(run("add", folder, web.url("/bridge"), "--json"))

    assert {one["source"] for one in outcomes} == {
        "articles/a.html", "articles/b.pdf", "articles/c.docx", "articles/d.zip/inside.md", web.url("/bridge"),
    }  # fmt: skip
    assert {one["change"] for one in outcomes} == {"added"}
    for topic, source in (
        ("lighthouse", "articles/a.html"),
        ("museum", "articles/b.pdf"),
        ("dam", "articles/c.docx"),
        ("tram", "articles/d.zip/inside.md"),
    ):
        assert as_json(run("ask", "--json", f"When was the {topic} opened?"))["article"]["source"] == source


# ---- show, ask and refresh


def test_an_article_that_stands_in_two_places_is_shown_with_both(run: Run, web: Web) -> None:
    web.routes["/copy"] = web.routes["/bridge"]
    (first,) = as_json(run("add", web.url("/bridge"), "--json"))
    (second,) = as_json(run("add", web.url("/copy"), "--json"))

    assert (second["id"], second["change"]) == (first["id"], "unchanged")
    shown = run("show", first["id"])[1]
    assert f"Source: {web.url('/bridge')}\nAlso at: {web.url('/copy')}\n" in shown
    assert "Page gone since" not in shown
    assert f"\nAlso at: {web.url('/copy')}\n" in run("ask", "When was the bridge opened?")[1]


def test_a_page_that_is_gone_is_told_until_it_is_there_again(run: Run, web: Web) -> None:
    there = web.routes["/bridge"]
    (added,) = as_json(run("add", web.url("/bridge"), "--json"))
    web.routes["/bridge"] = reply("", "410 Gone")

    gone = run("refresh")

    assert gone[0] == 0
    assert "1 page: done" in gone[1]
    assert "Page gone since: 20" in run("show", added["id"])[1]
    assert "Page gone since: 20" in run("ask", "When was the bridge opened?")[1]
    web.routes["/bridge"] = there
    assert run("refresh")[0] == 0
    assert "Page gone since" not in run("show", added["id"])[1]


def test_an_export_holds_all_places_of_an_article_and_that_its_page_is_gone(run: Run, web: Web, tmp_path: Path) -> None:
    web.routes["/copy"] = web.routes["/bridge"]
    web.routes["/old"] = redirect(web.url("/harbour"), "301 Moved Permanently")
    run("add", web.url("/bridge"), web.url("/old"))
    run("add", web.url("/copy"))
    web.routes["/bridge"] = reply("", "410 Gone")
    run("refresh")
    other = f"sqlite+aiosqlite:///{tmp_path}/other.db"

    assert run("export", "all.jsonl")[0] == 0
    assert run("import", "all.jsonl", "--store", other) == (0, "read 2 articles\n", "")
    assert run("export", "again.jsonl", "--store", other)[0] == 0

    assert (tmp_path / "again.jsonl").read_text("utf-8") == (tmp_path / "all.jsonl").read_text("utf-8")
    listed = as_json(run("list", "--json", "--store", other))
    assert listed == as_json(run("list", "--json"))
    bridge, harbour = sorted(listed, key=lambda one: str(one["title"]))
    assert bridge["sources"] == [web.url("/bridge"), web.url("/copy")]
    assert (bridge["gone_since"][:2], harbour["gone_since"]) == ("20", None)
    (shown,) = as_json(run("show", bridge["id"], "--json", "--store", other))
    assert shown | bridge == shown
    answer = as_json(run("ask", "--json", "When was the bridge opened?", "--store", other))
    assert answer["article"] == {key: bridge[key] for key in answer["article"]}
    # What was added by link there is looked at again here.
    (job,) = as_json(run("refresh", "--json", "--store", other))
    assert (job["done"], job["total"]) == (2, 2)


def test_an_export_of_an_earlier_version_is_read_and_an_import_keeps_new_places(
    run: Run, web: Web, tmp_path: Path
) -> None:
    run("add", web.url("/bridge"))
    run("export", "all.jsonl")
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8"))
    for key in ("sources", "page", "gone_since"):
        del line[key]
    elsewhere = "https://elsewhere.example/bridge"
    (tmp_path / "old.jsonl").write_text(json.dumps(line | {"id": "zzzzzz", "source": elsewhere}), "utf-8")
    (tmp_path / "bad.jsonl").write_text(json.dumps(line | {"sources": elsewhere}), "utf-8")
    (tmp_path / "naive.jsonl").write_text(json.dumps(line | {"added_at": "2026-05-01T12:00:00"}), "utf-8")

    assert run("import", "old.jsonl")[1] == "read 1 article; 1 were there already\n"

    (listed,) = as_json(run("list", "--json"))
    assert listed["sources"] == [web.url("/bridge"), elsewhere]
    assert 'line 1 has as "sources" something else than a list' in told(run("import", "bad.jsonl"))
    assert 'has as "added_at" something else than a time with its zone' in told(run("import", "naive.jsonl"))


def test_pages_are_looked_at_by_themselves_if_that_is_wished(run: Run, store: str, web: Web) -> None:
    async def hours() -> int | None:
        async with await Library.open(store) as library, await Gatherer.open(library) as gatherer:
            return await gatherer.refresh_every("shared")

    assert run("refresh", "--every", 24)[1] == "the pages of shared are looked at every 24 hours, while the bot runs\n"
    assert asyncio.run(hours()) == 24
    assert run("refresh", "--every", 0)[1] == "the pages of shared are looked at only when you ask for it\n"
    assert asyncio.run(hours()) is None
    assert "--every" in told(run("refresh", "--every", 9_000))
    assert web.paths == []


def test_a_page_that_has_changed_is_a_new_revision(run: Run, web: Web) -> None:
    (added,) = as_json(run("add", web.url("/bridge"), "--collection", "town", "--json"))
    web.routes["/bridge"] = reply(page(lines("new bridge"), title="The new bridge of Karrow"))

    (elsewhere,) = as_json(run("refresh", "--json"))
    (job,) = as_json(run("refresh", "--collection", "town", "--json"))

    assert (elsewhere["state"], elsewhere["total"], elsewhere["additions"]) == ("done", 0, [])
    assert (job["kind"], job["state"], job["done"], job["total"]) == ("refresh", "done", 1, 1)
    assert [(one["id"], one["change"]) for one in job["additions"]] == [(added["id"], "revised")]
    assert "Revision: 2" in run("show", added["id"])[1]


# ---- feeds


@pytest.fixture
def gazette(web: Web) -> str:
    """The address of a feed of two articles."""
    entries = [("The bridge", web.url("/bridge")), ("The harbour", web.url("/harbour"))]
    web.routes["/feed"] = reply(feed("The Gazette", entries), headers={"Content-Type": "application/rss+xml"})
    return web.url("/feed")


def test_a_feed_is_added_listed_checked_and_removed_and_its_articles_stay(run: Run, gazette: str) -> None:
    code, out, err = run("feeds", "add", gazette)
    assert (code, err) == (0, "")
    feed_id = out.split()[2]
    assert out == f"added feed {feed_id} The Gazette\n"

    fields = run("feeds", "list")[1].rstrip("\n").split("\t")
    assert fields[:6] == [feed_id, "The Gazette", gazette, "shared", "60", "0"]
    assert (len(fields), fields[7]) == (8, "")

    code, out, err = run("feeds", "check")
    assert (code, err) == (0, "")
    assert out.startswith("The Gazette: done\n")
    assert out.endswith("2 added\n")
    assert run("feeds", "check", feed_id)[1] == "The Gazette: done\n0 articles new or changed\n"
    assert run("feeds", "list")[1].split("\t")[5] == "2"

    assert run("feeds", "remove", feed_id) == (0, f"removed feed {feed_id} The Gazette\n", "")
    assert run("feeds", "list") == (0, "", "")
    assert len(as_json(run("list", "--json"))) == 2


def test_feeds_are_json_if_wanted(run: Run, gazette: str) -> None:
    options = ("--collection", "town", "--only", "/har*", "--every", 30, "--most", 5, "--language", "en")

    (added,) = as_json(run("feeds", "add", gazette, *options, "--json"))
    (job,) = as_json(run("feeds", "check", "--json"))
    (listed,) = as_json(run("feeds", "list", "--json"))

    assert added.keys() == FEED_KEYS
    chosen = {key: added[key] for key in ("collection", "path_filter", "interval_min", "most", "language", "kind")}
    assert chosen == {
        "collection": "town", "path_filter": "/har*", "interval_min": 30, "most": 5, "language": "en", "kind": "feed",
    }  # fmt: skip
    assert (job["kind"], job["state"]) == ("feed", "done")
    assert [(one["title"], one["collection"], one["language"]) for one in job["additions"]] == [
        ("The harbour of Karrow", "town", "en")
    ]
    assert (listed["id"], listed["articles"]) == (added["id"], 1)
    assert as_json(run("feeds", "list", "--collection", "shared", "--json")) == []


def test_everything_of_a_feed_is_chosen_when_it_is_added_changed_later_and_shown(run: Run, gazette: str) -> None:
    options = ("--collection", "4242", "--channel", "77", "--threads", "--language", "German")
    (added,) = as_json(run("feeds", "add", gazette, *options, "--json"))
    assert (added["channel"], added["threads"], added["language"]) == ("77", True, "de")

    changes = ("--only", "/har*", "--every", 30, "--most", 5, "--language", "en", "--no-threads", "--off")
    (changed,) = as_json(run("feeds", "change", added["id"], *changes, "--json"))
    (cleared,) = as_json(
        run("feeds", "change", added["id"], "--only", "", "--language", "", "--channel", "", "--on", "--json")
    )

    assert {key for key in FEED_KEYS if changed[key] != added[key]} == {
        "path_filter", "interval_min", "most", "language", "threads", "enabled",
    }  # fmt: skip
    assert (changed["path_filter"], changed["interval_min"], changed["most"]) == ("/har*", 30, 5)
    assert (cleared["path_filter"], cleared["language"], cleared["channel"], cleared["enabled"]) == (
        None, None, None, True,
    )  # fmt: skip
    shown = run("feeds", "show", added["id"])[1]
    assert f"The Gazette\nId: {added['id']}\nAddress: {gazette}\n" in shown
    assert "Every: 30 minutes\nMost at a look: 5 articles\nLanguage: told by the text\nNews: in no channel\n" in shown
    assert run("feeds", "change", added["id"], "--threads")[1] == run("feeds", "show", added["id"])[1]


def test_what_a_feed_cannot_be_is_one_line_that_says_what_it_can_be(run: Run, gazette: str) -> None:
    (added,) = as_json(run("feeds", "add", gazette, "--json"))

    assert "it is none of ar, " in told(run("feeds", "change", added["id"], "--language", "Klingonish"))
    assert "the number of a channel" in told(run("feeds", "change", added["id"], "--channel", "#news"))
    assert "--collection" in told(run("feeds", "change", added["id"], "--channel", "77"))
    assert "--collection" in told(run("feeds", "add", gazette, "--channel", "77"))
    assert "--every 60" in told(run("feeds", "change", added["id"]))
    assert "footnote feeds list" in told(run("feeds", "change", "nope", "--off"))
    assert as_json(run("feeds", "list", "--json")) == [added]


def test_a_page_that_names_its_feed_is_followed_there(run: Run, web: Web, gazette: str) -> None:
    web.routes["/"] = reply(page([], head="<link rel='alternate' type='application/rss+xml' href='/feed'>"))

    (added,) = as_json(run("feeds", "add", web.url("/"), "--json"))

    assert added["address"] == gazette


def test_an_address_without_a_feed_and_a_feed_twice_are_one_line(run: Run, web: Web, gazette: str) -> None:
    (added,) = as_json(run("feeds", "add", gazette, "--json"))

    assert web.url("/bridge") in told(run("feeds", "add", web.url("/bridge")))
    assert web.url("/none") in told(run("feeds", "add", web.url("/none")))
    assert f"followed already, as {added['id']}" in told(run("feeds", "add", gazette))
    assert len(as_json(run("feeds", "list", "--json"))) == 1


def test_an_unknown_feed_is_one_line_and_no_feed_is_removed(run: Run, gazette: str) -> None:
    (added,) = as_json(run("feeds", "add", gazette, "--json"))

    assert "'nope'" in told(run("feeds", "remove", added["id"], "nope"))
    assert "'nope'" in told(run("feeds", "check", "nope"))
    assert len(as_json(run("feeds", "list", "--json"))) == 1


def test_a_feed_that_fails_is_an_error_that_the_list_tells_as_well(run: Run, web: Web, gazette: str) -> None:
    run("feeds", "add", gazette)
    web.routes["/feed"] = reply("", "404 Not Found")

    ran = run("feeds", "check")

    line = told(ran)
    assert line.startswith("footnote: The Gazette: ")
    assert "The Gazette: failed" in ran[1]
    assert run("feeds", "list")[1].rstrip("\n").split("\t")[7] in line


def test_there_may_be_no_feed_to_check(run: Run) -> None:
    assert run("feeds", "check") == (0, "", "")
    assert as_json(run("feeds", "check", "--json")) == []


@pytest.mark.parametrize(
    "options", [("--every", "14"), ("--every", "10081"), ("--most", "0"), ("--most", "101")], ids="=".join
)
def test_a_number_that_would_not_be_kept_is_refused(run: Run, gazette: str, options: Sequence[str]) -> None:
    assert options[0] in told(run("feeds", "add", gazette, *options))
    assert as_json(run("feeds", "list", "--json")) == []


# ---- jobs


def test_jobs_are_listed_shown_and_cancelled(run: Run, store: str, web: Web) -> None:
    assert run("jobs") == (0, "", "")
    job = submitted(store, [web.url("/bridge"), web.url("/harbour")])

    fields = run("jobs")[1].rstrip("\n").split("\t")
    assert fields[:6] == [job.id, "links", "shared", "queued", "0", "2"]
    assert fields[7:] == ["2 addresses", ""]
    assert run("jobs", "show", job.id) == (0, "2 addresses: queued\n", "")

    assert run("jobs", "cancel", job.id) == (0, f"cancelled {job.id} 2 addresses\n", "")
    assert run("jobs", "show", job.id)[1].startswith("2 addresses: cancelled")
    assert run("jobs", "cancel", job.id) == (0, f"cancelled {job.id} 2 addresses\n", "")
    assert web.paths == []


def test_jobs_are_json_by_collection_newest_first(run: Run, store: str, web: Web) -> None:
    first = submitted(store, [web.url("/bridge")])
    second = submitted(store, [web.url("/harbour")])
    other = submitted(store, [web.url("/harbour")], "town")

    assert [job["id"] for job in as_json(run("jobs", "--json"))] == [other.id, second.id, first.id]
    assert [job["id"] for job in as_json(run("jobs", "--collection", "town", "--json"))] == [other.id]
    assert [job["id"] for job in as_json(run("jobs", "--most", 1, "--json"))] == [other.id]
    (shown,) = as_json(run("jobs", "show", first.id, "--json"))
    assert (shown["id"], shown["state"], shown["total"], shown["additions"]) == (first.id, "queued", 1, [])


def test_a_job_that_ended_is_shown_with_what_became_of_each_page(run: Run, web: Web) -> None:
    (added,) = as_json(run("add", web.url("/bridge"), "--json"))
    web.routes["/bridge"] = redirect(web.url("/harbour"))
    (job,) = as_json(run("refresh", "--json"))

    code, out, _ = run("jobs", "show", job["id"])

    assert code == 0
    assert out.startswith("1 page: done\n")
    assert added["id"] in out


def test_an_unknown_job_is_one_line(run: Run) -> None:
    assert "'nope'" in told(run("jobs", "show", "nope"))
    assert "'nope'" in told(run("jobs", "cancel", "nope"))


# ---- all of them


COMMANDS = [
    ["refresh"], ["refresh", "--every", "24"], ["feeds", "list"], ["feeds", "add", "http://x"], ["feeds", "show", "x"],
    ["feeds", "change", "x", "--off"], ["feeds", "remove", "x"], ["feeds", "check"], ["jobs"], ["jobs", "show", "x"],
    ["jobs", "cancel", "x"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_store_that_cannot_be_used_is_one_line(run: Run, tmp_path: Path, command: list[str]) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database, but it is longer than a header of SQLite " * 20)

    assert "not a database" in told(run(*command, "--store", f"sqlite+aiosqlite:///{broken}"))


def test_titles_of_feeds_steer_no_terminal(run: Run, web: Web) -> None:
    # XML holds no ESC; these are CSI and OSC as one character each.
    title = "The \x9b31m[bold]Gazette[/bold] \x9d0;owned\x9c of \u202eKarrow"
    web.routes["/feed"] = reply(feed(title, []), headers={"Content-Type": "application/rss+xml; charset=utf-8"})
    added = run("feeds", "add", web.url("/feed"))
    feed_id = added[1].split()[2]

    outputs = [added, run("feeds", "list"), run("feeds", "check"), run("jobs"), run("feeds", "remove", feed_id)]

    steering = set(map(chr, [*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x202E]))
    assert "[bold]Gazette[/bold]" in outputs[1][1]
    assert not any(set(out + err) & steering for _, out, err in outputs)
