"""What is told of a question, whatever becomes of it."""

from datetime import UTC, datetime

import pytest

from bot.errors import QuestionTooLongError, TooManyQuestionsError
from bot.questions import Asking, Outcome, Questions, Way
from index import QuestionError, Status, StoreError, UnknownArticleError


class Ear:
    def __init__(self) -> None:
        self.heard: list[Asking] = []

    def asked(self, asking: Asking) -> None:
        self.heard.append(asking)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TooManyQuestionsError(datetime.now(UTC), is_server=False), Outcome.LIMITED),
        (QuestionTooLongError(500), Outcome.INVALID),
        (QuestionError("empty"), Outcome.INVALID),
        (UnknownArticleError("abc"), Outcome.INVALID),
        (StoreError("somewhere", "the disk is full"), Outcome.FAILED),
        (RuntimeError("unforeseen"), Outcome.FAILED),
    ],
)
def test_what_went_wrong_is_told(ear: Ear, error: Exception, outcome: Outcome) -> None:
    with Questions(ear).asked(Way.SLASH, "what?") as asked:
        asked.failed(error)

    assert [(one.outcome, one.problem) for one in ear.heard] == [(outcome, type(error).__name__)]


def test_what_nobody_foresaw_is_told_and_goes_on(ear: Ear) -> None:
    with pytest.raises(RuntimeError), Questions(ear).asked(Way.MENTION, "what?"):
        raise RuntimeError

    assert [one.outcome for one in ear.heard] == [Outcome.FAILED]


def test_an_answer_that_did_not_arrive_has_failed(ear: Ear) -> None:
    with Questions(ear).asked(Way.DIRECT, "what?") as asked:
        asked.answered(Status.ANSWERED, {"rank": 2.0}, ("abc", "def"))
        asked.lost()

    assert [(one.outcome, one.article, one.hits) for one in ear.heard] == [(Outcome.FAILED, "abc", 2)]


def test_a_question_that_is_given_up_without_a_word_has_failed(ear: Ear) -> None:
    with Questions(ear).asked(Way.CHANNEL, "what?"):
        pass

    assert [one.outcome for one in ear.heard] == [Outcome.FAILED]


def test_stages_add_up_and_keep_those_of_the_library(ear: Ear) -> None:
    with Questions(ear).asked(Way.EDIT, "what?") as asked:
        asked.answered(Status.REFUSED, {"rank": 2.0, "read": 1.0}, ())
        for _ in range(2):
            with asked.stage("send"):
                pass

    told = ear.heard[0]
    assert (told.way, told.outcome, told.article) == (Way.EDIT, Outcome.REFUSED, None)
    assert list(told.stages) == ["rank", "read", "send"]


@pytest.mark.parametrize("shows_text", [False, True])
def test_the_text_is_logged_only_if_that_is_wanted(caplog: pytest.LogCaptureFixture, shows_text: bool) -> None:
    caplog.set_level("INFO")

    with Questions(shows_text=shows_text).asked(Way.SLASH, "where is the treasure?"):
        pass

    told = vars(caplog.records[0])["footnote_fields"]
    assert told["question"] == ("where is the treasure?" if shows_text else None)
