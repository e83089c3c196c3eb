"""The text that every engine gets: real sentences, put together anew until there are as many passages as wanted.

A passage is drawn from the sentences of one real article, because words of one subject come together; its sentences are
in random order and follow each other until they have about 86 words, as the passages of news do. Articles have 15
passages. Equal sets, numbers and seeds make equal text. What is invented by this: sentences come again in other
passages, and the vocabulary stops growing, so posting lists are longer than in as much real text.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.corpus import PASSAGES_OF_AN_ARTICLE, Asked, Corpus
from index.analysis.sentences import sentence_spans
from index.analysis.words import Analyzer, Flag
from index.evaluation import read_set

SHORT_QUESTION = 4
"""Most content terms of a short question."""

KINDS = ("short", "long", "stop words")
_ENOUGH_WORDS = 75
"""A passage that has this many words is complete; the last sentence brings the mean to about 86."""

_SEED = 7


@dataclass(frozen=True, slots=True)
class Sentence:
    """A real sentence with the ids of all its terms, stop words included."""

    text: str
    terms: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Material:
    """What passages are made of: articles as (title, sentences), and the questions of each kind."""

    language: str
    articles: tuple[tuple[str, tuple[Sentence, ...]], ...]
    questions: dict[str, tuple[Asked, ...]]
    vocabulary_size: int


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """An article of made passages, each a tuple of sentences."""

    title: str
    passages: tuple[tuple[Sentence, ...], ...]


def read_material(folders: Sequence[Path], questions: int) -> Material:
    """Cut sets into sentences, and choose questions evenly from all of each kind.

    Args:
        questions: Most questions of each kind.
    """
    sets = [read_set(folder) for folder in folders]
    languages = {draft.language for one in sets for _, draft in one.articles}
    if len(languages) != 1:
        raise SystemExit(f"the text must be of one language, and is of {sorted(map(str, languages))}")
    language = str(languages.pop())
    analyzer = Analyzer(language)
    ids: dict[str, int] = {}
    articles: list[tuple[str, tuple[Sentence, ...]]] = []
    for one in sets:
        for _, draft in one.articles:
            sentences: list[Sentence] = []
            for paragraph in draft.text.split("\n"):
                for start, end in sentence_spans(paragraph, language):
                    text = " ".join(paragraph[start:end].split())
                    terms = [ids.setdefault(token.word.term, len(ids)) for token in analyzer.tokens(text)]
                    sentences.append(Sentence(text, np.array(terms, np.int32)))
            articles.append((draft.title, tuple(sentences)))
    kinds: dict[str, list[Asked]] = {kind: [] for kind in KINDS}
    for one in sets:
        for question in one.questions:
            words = analyzer.question(question.question)
            known = tuple(dict.fromkeys(ids[word.term] for word in words if word.term in ids))
            content = tuple(
                dict.fromkeys(ids[word.term] for word in words if word.term in ids and not word.flags & Flag.STOP)
            )
            if content:
                kinds["short" if len(content) <= SHORT_QUESTION else "long"].append(Asked(question.question, content))
                kinds["stop words"].append(Asked(question.question, known))
    chosen = {
        kind: tuple(found[i * len(found) // questions] for i in range(questions))
        if len(found) > questions
        else tuple(found)
        for kind, found in kinds.items()
    }
    return Material(language, tuple(articles), chosen, len(ids))


def make(material: Material, passages: int, seed: int = _SEED) -> Iterator[MadeArticle]:
    """Articles that have the wanted number of passages together."""
    chance = random.Random(seed)
    sizes = [len(sentences) for _, sentences in material.articles]
    left = passages
    while left:
        title, sentences = chance.choices(material.articles, sizes)[0]
        made: list[tuple[Sentence, ...]] = []
        for _ in range(min(PASSAGES_OF_AN_ARTICLE, left)):
            chosen: list[Sentence] = []
            words = 0
            for place in chance.sample(range(len(sentences)), min(len(sentences), 40)):
                chosen.append(sentences[place])
                words += len(sentences[place].terms)
                if words >= _ENOUGH_WORDS:
                    break
            made.append(tuple(chosen))
        left -= len(made)
        yield MadeArticle(title, tuple(made))


def write(material: Material, passages: int, more: int, folder: Path) -> Corpus:
    """Write a corpus of some size for the processes that measure.

    Args:
        more: Articles besides, to be added to the finished index.
    """
    folder.mkdir(parents=True)
    lengths: list[int] = []
    terms: list[NDArray[np.int32]] = []
    with (folder / "articles.jsonl").open("w", encoding="utf-8") as file:
        for article in make(material, passages):
            for passage in article.passages:
                lengths.append(sum(len(sentence.terms) for sentence in passage))
                terms += [sentence.terms for sentence in passage]
            file.write(json.dumps({"title": article.title, "passages": texts(article)}, ensure_ascii=False) + "\n")
    np.save(folder / "terms.npy", np.concatenate(terms))
    np.save(folder / "lengths.npy", np.array(lengths, np.int32))
    others = [
        (one.title, texts(one), [[int(t) for sentence in passage for t in sentence.terms] for passage in one.passages])
        for one in make(material, more * PASSAGES_OF_AN_ARTICLE, _SEED + 1)
    ]
    (folder / "more.json").write_text(json.dumps(others, ensure_ascii=False), "utf-8")
    asked = {kind: [asdict(one) for one in found] for kind, found in material.questions.items()}
    (folder / "questions.json").write_text(json.dumps(asked, ensure_ascii=False), "utf-8")
    (folder / "language").write_text(material.language, "utf-8")
    return Corpus(folder)


def texts(article: MadeArticle) -> list[str]:
    """The passages of an article as text."""
    return [" ".join(sentence.text for sentence in passage) for passage in article.passages]
