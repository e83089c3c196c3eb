"""A question and the passages that an engine finds, to an answer or to a refusal with its reason."""

from index.answering.candidates import Candidate, Group, Ranking, apart
from index.answering.citing import (
    MAX_FROM_ONE_ARTICLE,
    SHOWN,
    cite,
    link_to,
    refusal,
    text_fragment,
    without_repeats,
)
from index.answering.confidence import confidence_features, of_one_article
from index.answering.quotes import QUOTE_CHARACTERS, chosen, clause, filled
from index.answering.ranker import Ranker

__all__ = [
    "MAX_FROM_ONE_ARTICLE",
    "QUOTE_CHARACTERS",
    "SHOWN",
    "Candidate",
    "Group",
    "Ranker",
    "Ranking",
    "apart",
    "chosen",
    "cite",
    "clause",
    "confidence_features",
    "filled",
    "link_to",
    "of_one_article",
    "refusal",
    "text_fragment",
    "without_repeats",
]
