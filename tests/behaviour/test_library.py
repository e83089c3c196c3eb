"""The library from outside: articles in, answers out, over a real SQLite file."""

import asyncio
import itertools
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import (
    CancelledBuildError,
    Change,
    Draft,
    Library,
    QuestionError,
    RebuildProgress,
    Refusal,
    Status,
    UnknownArticleError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE

_SYLLABLES = (
    "ba",
    "cor",
    "dle",
    "fen",
    "gri",
    "hol",
    "ja",
    "kem",
    "lis",
    "mo",
    "nar",
    "ot",
    "pru",
    "ris",
    "sta",
    "ven",
)
VOCABULARY = ["".join(word) for length in (2, 3) for word in itertools.product(_SYLLABLES, repeat=length)]
"""More than four thousand made-up words."""


def varied_text(chance: random.Random) -> str:
    """Six paragraphs of five sentences each, with words that are the rarer the later they stand in the vocabulary."""

    def sentence() -> str:
        words = [VOCABULARY[int(len(VOCABULARY) * chance.random() ** 3)] for _ in range(chance.randint(8, 18))]
        return f"The {' '.join(words)}."

    return "\n\n".join(" ".join(sentence() for _ in range(5)) for _ in range(6))


async def test_the_answering_sentence_is_quoted_word_for_word(library: Library) -> None:
    await library.add([TRUCE, BRIDGE])

    answer = await library.ask(QUESTION)

    assert answer.status is Status.ANSWERED
    assert answer.best is not None
    assert "At least 49 soldiers have been killed" in answer.best.quote
    stored = await library.article(answer.best.article.id)
    assert stored.text[answer.best.start : answer.best.end] == answer.best.passage
    assert answer.best.link is not None
    assert answer.best.link.startswith("https://example.org/truce#:~:text=")


async def test_a_text_file_keeps_the_line_that_became_its_title(library: Library, tmp_path: Path) -> None:
    text = "The ferry costs 7 euros.\n\nIt leaves at noon, and nobody has to book. It takes an hour to the island."

    (tmp_path / "ferry.txt").write_text(text)

    (added,) = await library.add_paths([tmp_path / "ferry.txt"])
    answer = await library.ask("what does the ferry cost?")

    assert added.article is not None
    assert added.article.title == "The ferry costs 7 euros."
    assert added.left_out == ()
    assert (await library.article(added.article.id)).text == text
    assert answer.best is not None
    assert "The ferry costs 7 euros." in answer.best.quote


async def test_a_heading_is_not_repeated_in_the_text(library: Library, tmp_path: Path) -> None:
    (tmp_path / "ferry.md").write_text("# The ferry\n\nIt leaves at noon, and nobody has to book.")

    (added,) = await library.add_paths([tmp_path / "ferry.md"])

    assert added.article is not None
    assert [line.line for line in added.left_out] == ["The ferry"]


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("what is it?", Refusal.NO_WORDS),
        ("???", Refusal.NO_WORDS),
        ("🙂🙂", Refusal.NO_WORDS),
        ("\x00\x00", Refusal.NO_WORDS),
        ("xylophone zeppelin", Refusal.UNKNOWN_WORDS),
        ("zeppelin " * 1200, Refusal.UNKNOWN_WORDS),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_its_reason(
    library: Library, question: str, refusal: Refusal
) -> None:
    await library.add([TRUCE, BRIDGE])

    answer = await library.ask(question)

    assert (answer.status, answer.refusal, answer.best) == (Status.REFUSED, refusal, None)
    assert answer.reason


async def test_function_words_of_one_language_are_no_unknown_words_of_another(library: Library) -> None:
    await library.add([BRIDGE, DAM])

    assert (await library.ask("what is the of and?")).refusal is Refusal.NO_WORDS


async def test_a_question_without_text_is_an_error(library: Library) -> None:
    with pytest.raises(QuestionError):
        await library.ask("  \n")


async def test_an_empty_library_says_so(library: Library) -> None:
    assert (await library.ask(QUESTION)).refusal is Refusal.EMPTY_LIBRARY


async def test_the_only_article_answers(library: Library) -> None:
    await library.add([BRIDGE])

    answer = await library.ask("what did the bridge cost?")

    assert answer.best is not None
    assert "40 million euros" in answer.best.quote


async def test_unknown_words_are_named(library: Library) -> None:
    await library.add([TRUCE, BRIDGE])

    answer = await library.ask("how many zeppelins crossed the bridge?")

    assert answer.unknown_terms == ("zeppelins", "crossed")


async def test_a_question_is_understood_in_each_language(library: Library) -> None:
    await library.add([TRUCE, BRIDGE, DAM])

    answer = await library.ask("Wie viele Helfer zählte die Feuerwehr?")

    assert answer.best is not None
    assert "300 Helfer" in answer.best.quote


async def test_the_date_of_an_article_is_known_where_its_text_does_not_name_it(library: Library) -> None:
    await library.add([replace(TRUCE, published_at=datetime(2022, 9, 13, tzinfo=UTC)), BRIDGE, DAM])

    answer = await library.ask("How many soldiers were killed in September 2022?")

    assert answer.status is Status.ANSWERED
    assert answer.unknown_terms == ()
    assert answer.best is not None
    assert answer.best.article.title == TRUCE.title


@pytest.mark.parametrize(("stored", "asked"), [("ceasefire", "cease-fire"), ("cease-fire", "ceasefire")])
async def test_a_word_is_found_in_its_other_spelling(library: Library, stored: str, asked: str) -> None:
    await library.add([Draft("News", f"The {stored} held for three days.", "news.md", "en"), BRIDGE, DAM])

    answer = await library.ask(f"Did the {asked} hold?")

    assert answer.status is Status.ANSWERED
    assert asked.split("-")[0] in answer.matched_terms
    assert answer.unknown_terms == ()


async def test_words_are_named_as_they_were_typed(library: Library) -> None:
    await library.add([TRUCE, BRIDGE])

    answer = await library.ask("Has MONGOLIA or ΠΟΙΟΣ a Bridge?")

    assert answer.matched_terms == ("Bridge",)
    assert answer.unknown_terms == ("MONGOLIA", "ΠΟΙΟΣ")


async def test_a_removed_article_is_never_quoted_again(library: Library) -> None:
    added = await library.add([TRUCE, BRIDGE])
    assert added[0].article is not None

    await library.remove([added[0].article.id])

    assert (await library.ask(QUESTION)).status is Status.REFUSED
    with pytest.raises(UnknownArticleError):
        await library.remove([added[0].article.id])


async def test_a_revision_replaces_the_text_and_keeps_the_id(library: Library) -> None:
    first = await library.add([TRUCE])
    revised = Draft(TRUCE.title, TRUCE.text.replace("49", "105"), TRUCE.source, "en")

    second = await library.add([revised])
    answer = await library.ask(QUESTION)

    assert first[0].article is not None
    assert second[0].article is not None
    assert (second[0].change, second[0].article.id) == (Change.REVISED, first[0].article.id)
    assert answer.best is not None
    assert "105 soldiers" in answer.best.quote
    assert answer.alternatives == ()


async def test_the_same_text_twice_is_one_article(library: Library) -> None:
    await library.add([TRUCE])

    again = await library.add([TRUCE])

    assert again[0].change is Change.UNCHANGED
    assert len(await library.articles()) == 1


async def test_a_scope_sees_its_collections_and_nothing_else(library: Library) -> None:
    await library.add([TRUCE], collection="one")
    await library.add([BRIDGE], collection="two")

    seen = await library.ask(QUESTION, scope=["one"])
    unseen = await library.ask(QUESTION, scope=["two"])

    assert seen.best is not None
    assert unseen.status is Status.REFUSED
    # What another collection holds is as unknown as what none holds.
    assert set(unseen.unknown_terms) == {"soldiers", "killed"}
    assert unseen.nearest_titles == ()
    assert (await library.ask(QUESTION, scope=["three"])).refusal is Refusal.EMPTY_LIBRARY


async def test_near_duplicates_are_shown_once_with_all_their_sources(library: Library) -> None:
    copy = Draft(TRUCE.title, TRUCE.text.replace("Wednesday", "Wednesday night"), "https://example.com/copy", "en")
    await library.add([TRUCE, copy, BRIDGE])

    answer = await library.ask(QUESTION)

    assert answer.best is not None
    assert len(answer.best.other_sources) == 1
    assert all(c.article.title != TRUCE.title for c in answer.alternatives)


async def test_at_most_three_of_the_first_five_passages_are_of_one_article(library: Library) -> None:
    paragraphs = [f"Ferry number {i} to the island left the harbour with {i * 7} people. " * 8 for i in range(1, 9)]
    long = Draft("Ferries", "\n\n".join(p.strip() for p in paragraphs), "ferries.md", "en")
    others = [
        Draft(f"Harbour {i}", f"A ferry for the island waited in the harbour {why}.", f"h{i}.md", "en")
        for i, why in enumerate(("until its captain came back", "because fog lay over Aster", "with a broken engine"))
    ]
    await library.add([long, *others])

    answer = await library.ask("which ferry left the harbour for the island?", top_k=5)

    assert answer.best is not None
    shown = [answer.best, *answer.alternatives]
    assert len(shown) == 5
    assert sum(c.article.title == "Ferries" for c in shown) <= 3


async def test_questions_go_on_while_the_index_is_built(library: Library) -> None:
    others = [Draft(f"Report {i}", varied_text(random.Random(i)), f"{i}.md", "en") for i in range(300)]
    await library.add([TRUCE, BRIDGE, DAM, *others])
    seen: list[RebuildProgress] = []
    began = asyncio.Event()

    def heard(progress: RebuildProgress) -> None:
        seen.append(progress)
        began.set()

    building = asyncio.create_task(library.rebuild(progress=heard))
    await began.wait()
    during = []
    while not building.done():
        answer = await library.ask(QUESTION)
        if not building.done():
            during.append(answer)
    summary = await building

    assert len(during) >= 5
    assert all(answer.best is not None for answer in during)
    assert (summary.articles, summary.unchanged) == (303, 303)
    assert list(dict.fromkeys(step.stage for step in seen)) == ["reading", "sorting", "swapping"]
    assert RebuildProgress(303, 303, "reading") in seen
    assert (await library.ask(QUESTION)).best is not None


async def test_a_cancelled_build_leaves_the_index_as_it_was(library: Library) -> None:
    await library.add([TRUCE])

    with pytest.raises(CancelledBuildError):
        await library.rebuild(cancelled=lambda: True)

    assert (await library.ask(QUESTION)).best is not None


async def test_an_article_added_during_a_build_is_in_the_new_index(library: Library) -> None:
    await library.add([BRIDGE])

    building = asyncio.create_task(library.rebuild())
    await library.add([TRUCE])
    await building

    assert (await library.ask(QUESTION)).best is not None


async def test_a_saved_index_is_used_again_and_caught_up(tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/library.db"
    async with await Library.open(address, tmp_path / "index") as library:
        await library.add([BRIDGE, DAM])
    async with await Library.open(address, None) as library:
        await library.add([TRUCE])

    async with await Library.open(address, tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).best is not None
        assert (await library.ask("was hielt stand?")).best is not None
        assert (await library.status()).articles == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "manifest", "null", "edited", "live"])
async def test_a_damaged_index_is_rebuilt_never_trusted(tmp_path: Path, damage: str) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/library.db"
    async with await Library.open(address, tmp_path / "index") as library:
        await library.add([TRUCE, BRIDGE])
    rows = next((tmp_path / "index").rglob("row_words.npy"))
    if damage == "cut":
        rows.write_bytes(rows.read_bytes()[:-4])
    elif damage == "gone":
        rows.unlink()
    elif damage == "live":
        (tmp_path / "index" / "LIVE").write_bytes(b"\xff\xfe")
    else:
        manifest = next((tmp_path / "index").rglob("manifest.json"))
        damaged = {"manifest": "{", "null": "null", "edited": manifest.read_text("utf-8").replace("shared", "sharer")}
        manifest.write_text(damaged[damage], "utf-8")

    async with await Library.open(address, tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).best is not None


async def test_an_index_of_another_store_is_not_used(tmp_path: Path) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/one.db", tmp_path / "index") as library:
        await library.add([TRUCE])

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/two.db", tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).refusal is Refusal.EMPTY_LIBRARY


async def test_export_and_import_lose_nothing(library: Library, tmp_path: Path) -> None:
    await library.add([TRUCE, DAM])
    await library.add([BRIDGE], collection="server")
    count = await library.export(tmp_path / "all.jsonl")

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/other.db") as other:
        await other.import_(tmp_path / "all.jsonl")
        again = await other.import_(tmp_path / "all.jsonl")
        await other.export(tmp_path / "again.jsonl")
        answer = await other.ask(QUESTION)

    assert count == 3
    assert again == (3, 3)
    assert (tmp_path / "again.jsonl").read_text("utf-8") == (tmp_path / "all.jsonl").read_text("utf-8")
    assert answer.best is not None


async def test_boilerplate_is_left_out_and_told(library: Library) -> None:
    text = "Truce on the border\n\n" + TRUCE.text + "\n\nLeave a Reply\n\nYour email address will not be published."

    added = await library.add([Draft(TRUCE.title, text, TRUCE.source, "en")])

    assert [line.line for line in added[0].left_out][:2] == ["Truce on the border", "Leave a Reply"]
    assert all(line.reason for line in added[0].left_out)


async def test_a_text_without_words_changes_nothing(library: Library) -> None:
    added = await library.add([Draft("Empty", " \n…", "e.md", "en"), BRIDGE])

    assert added[0].article is None
    assert added[0].problem
    assert added[1].article is not None


async def test_a_term_in_every_passage_still_finds_them(library: Library) -> None:
    names = ("Aster", "Birch", "Cedar")
    await library.add([Draft(n, f"The ferry to {n} was late because of fog.", f"{n}.md", "en") for n in names])

    answer = await library.ask("ferry", top_k=5, refuse=False)

    assert answer.best is not None
    assert {one.article.title for one in (answer.best, *answer.alternatives)} == set(names)


async def test_two_identical_passages_are_shown_once(library: Library) -> None:
    text = "The ferry to Aster was late because of fog over the northern sound this morning."
    await library.add([Draft("First report", text, "one.md", "en")], collection="one")
    await library.add([Draft("Second report", text, "two.md", "en")], collection="two")

    answer = await library.ask("why was the ferry to Aster late?")

    assert answer.best is not None
    assert answer.alternatives == ()
    assert [info.title for info in answer.best.other_sources] == ["First report"]


async def test_a_question_of_ten_thousand_characters_is_answered(library: Library) -> None:
    await library.add([TRUCE, BRIDGE])

    answer = await library.ask("how many soldiers were killed? " * 400)

    assert answer.best is not None
    assert "At least 49 soldiers" in answer.best.quote


async def test_an_article_without_a_named_language_is_told_one(library: Library) -> None:
    german = Draft("Der Damm", "Der Damm bei Wellingen hielt stand, und die Feuerwehr zog am Abend wieder ab.", "d.txt")

    added = await library.add([german])

    assert added[0].article is not None
    assert added[0].article.language == "de"


@pytest.mark.parametrize("code", ["../../../evil", "/tmp/evil", "", "e n", "x" * 300, "\x00"])
async def test_no_language_code_leads_out_of_the_index_folder(tmp_path: Path, code: str) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/deep/library.db"
    async with await Library.open(address, tmp_path / "deep" / "index") as library:
        await library.add([Draft(BRIDGE.title, BRIDGE.text, BRIDGE.source, code)])

    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    async with await Library.open(address, tmp_path / "deep" / "index") as library:
        assert (await library.ask("what did the bridge cost?", refuse=False)).best is not None


async def test_a_passage_of_another_article_is_not_lost_with_its_twin(library: Library) -> None:
    lines = [
        "The ferry to Aster left early because of the tide in the sound.",
        "The ferry to Aster carried forty bicycles and two tractors that day.",
        "The ferry to Aster was painted green by its crew during the winter.",
        "The ferry to Aster sounded its horn twice near the old lighthouse.",
    ]
    long = Draft("Ferries", "\n\n".join(line + " x." * 160 for line in lines), "ferries.md", "en")
    copies = [Draft(f"Copy {i}", line + " x." * 160, f"copy{i}.md", "en") for i, line in enumerate(lines)]
    await library.add([long, *copies])

    answer = await library.ask("which ferry to Aster sounded its horn, was painted, carried bicycles, left early?")

    assert answer.best is not None
    shown = "".join(c.passage for c in [answer.best, *answer.alternatives])
    assert all(line in shown for line in lines)


async def test_two_revisions_in_one_import_leave_the_later_one(library: Library, tmp_path: Path) -> None:
    await library.add([BRIDGE])
    await library.export(tmp_path / "one.jsonl")
    line = (tmp_path / "one.jsonl").read_text("utf-8")
    later = line.replace("40 million", "55 million").replace('"revision": 1', '"revision": 2')
    (tmp_path / "two.jsonl").write_text(line + later, "utf-8")

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/other.db") as other:
        await other.import_(tmp_path / "two.jsonl")
        answer = await other.ask("what did the bridge cost?")
        status = await other.status()

    assert answer.best is not None
    assert "55 million" in answer.best.quote
    assert (status.articles, status.passages) == (1, 1)


async def test_the_quote_is_one_slice_of_the_passage_and_holds_the_better_sentence(library: Library) -> None:
    text = (
        "The ferry to Aster carried forty bicycles on Monday. Nobody knows why. Rain fell. "
        "The crew of the ferry to Aster counted bicycles all day."
    )
    await library.add([Draft("Report", text, "report.md", "en")])

    answer = await library.ask("how many bicycles did the ferry to Aster carry on Monday?")

    assert answer.best is not None
    assert len(answer.best.quotes) == 2
    assert answer.best.quote == "The ferry to Aster carried forty bicycles on Monday."
    assert answer.best.bold == f"{answer.best.quote} […] The crew of the ferry to Aster counted bicycles all day."


@pytest.mark.alone
async def test_a_thousand_articles_of_a_folder_are_added_within_ten_seconds(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(1_000):
        chance = random.Random(number)
        text = f"The ferry carried {number} people on that day. {varied_text(chance)}"
        (folder / f"{number}.md").write_text(f"---\ntitle: Report {number}\nlanguage: en\n---\n\n{text}", "utf-8")

    began = time.perf_counter()
    added = await library.add_paths([folder])
    took_s = time.perf_counter() - began

    assert len(added) == 1_000
    assert took_s < 10
    answer = await library.ask("how many people were on the ferry in report 777?")
    assert answer.best is not None
    assert answer.best.article.title == "Report 777"


async def test_words_of_grammar_are_not_among_those_that_no_article_holds(tmp_path: Path) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path / 'library.db'}") as library:
        await library.add(
            [
                Draft("Tea", "Tea is grown in the hills.", "tea.md", language="en"),
                Draft("Tee", "Tee wächst in den Bergen.", "tee.md", language="de"),
            ]
        )

        refused = await library.ask("who has the flux capacitor?")

    assert refused.unknown_terms == ("flux", "capacitor")
