"""What a person in Discord can be told besides the library's own errors; `bot/rendering/errors.py` has the words.

DeskError
├── TooManyQuestionsError    the asker has to wait
├── QuestionTooLongError     the asker has to ask shorter
├── AnswerGoneError          the asker has to ask again
├── PassageGoneError         the asker has to ask again
├── NotManagerError          somebody else has to do it
└── NotAskerError            somebody else has to do it
"""

from datetime import datetime


class DeskError(Exception):
    """Anything that the person who pressed or typed can be told in one sentence."""


class TooManyQuestionsError(DeskError):
    """A limit is reached; `retry_at` says when to come back, and `is_server` whose limit it is."""

    def __init__(self, retry_at: datetime, *, is_server: bool) -> None:
        super().__init__(f"too many questions; come back at {retry_at.isoformat()}")
        self.retry_at = retry_at
        self.is_server = is_server


class QuestionTooLongError(DeskError):
    """The question has more characters than may be asked."""

    def __init__(self, longest: int) -> None:
        super().__init__(f"the question is longer than {longest} characters")
        self.longest = longest


class AnswerGoneError(DeskError):
    """The answer behind a button is not kept any more, or belongs to somewhere else."""

    def __init__(self) -> None:
        super().__init__("the answer is not kept any more")


class PassageGoneError(DeskError):
    """The article that an answer quotes was removed or changed since."""

    def __init__(self) -> None:
        super().__init__("the article was removed or changed since")


class NotManagerError(DeskError):
    """Only those who manage the server, or a role named in the settings, may do this."""

    def __init__(self) -> None:
        super().__init__("this needs the permission Manage Server or a manager role")


class NotAskerError(DeskError):
    """Only the asker, or somebody who manages the server, may do this."""

    def __init__(self) -> None:
        super().__init__("only the asker or a manager may do this")
