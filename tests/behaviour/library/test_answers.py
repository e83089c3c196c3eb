"""Questions to a library: what is answered, what is quoted, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import (
    Draft,
    Library,
    QuestionError,
    Refusal,
    Status,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE


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
