"""`footnote ask` and `footnote eval`: what they print, and how they end."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import EXAMPLES, PLACED_KEYS, QUESTION, Run, as_json, told

PASSAGE_KEYS = {"quote", "quotes", "passage", "start", "end", "article", "link", "score", "other_sources"}
ANSWER_KEYS = PASSAGE_KEYS | {
    "question", "status", "reason", "confidence", "matched_terms", "unknown_terms", "nearest_titles", "alternatives",
    "took_ms",
}  # fmt: skip


def test_an_answer_has_the_promised_shape_and_its_quote_stands_in_the_passage(filled: Run) -> None:
    value = as_json(filled("ask", "--json", QUESTION))

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
    value = as_json(filled("ask", "--json", "flumph grobnik?"), 1)

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
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, articles)), "utf-8")
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)), "utf-8")
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


def test_figures_of_a_set_are_a_table_and_leave_the_library_alone(run: Run, question_set: Path, tmp_path: Path) -> None:
    code, out, err = run("eval", question_set, "--limit", 1)

    assert (code, err) == (0, "")
    assert "Passage@1" in out
    assert "100.0%" in out
    assert list(tmp_path.iterdir()) == [question_set]


def test_only_articles_that_were_not_trained_on_are_asked_about_if_wanted(run: Run, question_set: Path) -> None:
    (result,) = as_json(run("eval", question_set, "--json", "--held-out"))

    assert (result["name"], result["articles"], result["questions"]) == ("set, held out", 2, 1)


def test_a_folder_without_questions_is_an_error(run: Run, tmp_path: Path) -> None:
    assert "articles.jsonl" in told(run("eval", tmp_path))


ARTICLE = '{"id": "a", "title": "Bridge", "text": "The bridge opened.", "lang": "en"}'
ASKED = '{"question": "When?", "answers": ["May"], "article_id": "a", "lang": "en"}'


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        (
            "articles",
            '{"id": "a", "text": "The bridge opened.", "lang": "en"}',
            'has no "title"; each line is an object',
        ),
        ("articles", ARTICLE.replace('"The bridge opened."', "null"), 'has as "text" something else than a text'),
        ("articles", "{", "is not JSON (Expecting property name enclosed in double quotes, column 2)"),
        ("articles", "[]", "is no object; each line is an object"),
        ("articles", "[" * 100_000, "is not JSON; each line is an object"),
        ("questions", '{"answers": ["May"], "article_id": "a", "lang": "en"}', 'has no "question"; each line'),
        ("questions", '{"question": "When?", "answers": ["May"], "article_id": "a"}', 'has no "lang"; each line'),
        ("questions", ASKED.replace('"When?"', "1.5"), 'has as "question" something else than a text'),
        ("questions", ASKED.replace('["May"]', '"May"'), 'has as "answers" something else than a list of texts'),
        ("questions", ASKED.replace("answers", "answer"), 'has as "answers" something else than a list of texts'),
        ("questions", ASKED.replace('"a"', "null"), 'has as "article_id" something else than a text'),
    ],
)
def test_a_line_of_a_set_that_cannot_be_used_is_told_with_what_it_has_to_be(
    run: Run, question_set: Path, file: str, line: str, said: str
) -> None:
    before = (question_set / f"{file}.jsonl").read_text("utf-8")
    (question_set / f"{file}.jsonl").write_text(f"{before}\n{line}\n", "utf-8")

    assert f"{file}.jsonl: line 3 {said}" in told(run("eval", question_set))


def test_a_question_without_text_asks_nothing_and_is_left_out(run: Run, question_set: Path) -> None:
    (before,) = as_json(run("eval", question_set, "--json"))
    with (question_set / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + ASKED.replace("When?", " "))

    (result,) = as_json(run("eval", question_set, "--json"))

    assert result["questions"] == before["questions"]


def test_a_question_that_its_set_calls_unanswerable_is_to_be_refused(run: Run, question_set: Path) -> None:
    (before,) = as_json(run("eval", question_set, "--json"))
    unanswerable = {"question": "Who invented the zeppelin?", "lang": "en", "answerable": False}
    with (question_set / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(unanswerable))

    (result,) = as_json(run("eval", question_set, "--json"))

    asked = ("questions", "passage_at_1", "quote_at_1", "refused")
    assert [result[key] for key in asked] == [before[key] for key in asked]
    assert (before["offtopic_refused"], result["offtopic_refused"], result["auroc"]) == (None, 1.0, 1.0)


def test_files_of_a_set_that_cannot_be_read_are_told_in_words(run: Run, question_set: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes("{é}".encode("latin-1"))

    assert told(run("eval", "none")) == "footnote: none/articles.jsonl: there is no such file"
    assert "none.jsonl: there is no such file" in told(run("eval", question_set, "--offtopic", "none.jsonl"))
    assert "set: it cannot be read (Is a directory)" in told(run("eval", question_set, "--offtopic", question_set))
    assert "latin.jsonl: it is not text in UTF-8" in told(run("eval", question_set, "--offtopic", "latin.jsonl"))


def test_questions_that_no_article_answers_need_none(run: Run, question_set: Path, tmp_path: Path) -> None:
    (tmp_path / "away.jsonl").write_text('\ufeff{"question": "Who?", "lang": "en", "answerable": false}\n', "utf-8")

    (result,) = as_json(run("eval", question_set, "--json", "--offtopic", "away.jsonl"))

    assert result["offtopic_refused"] is not None
