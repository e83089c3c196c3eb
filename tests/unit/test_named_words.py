"""The words of a question that an answer names: those that no article holds, and those that matched."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Draft, Library
from index.analysis.languages import language
from index.analysis.typed import as_typed
from index.analysis.words import Analyzer, is_wordless


@pytest.mark.parametrize(
    ("code", "question", "words"),
    [
        ("ja", "日本語の橋", ("日本語の橋",)),
        ("ja", "ﾆﾎﾝの Zeppelin", ("ニホン", "Zeppelin")),
        ("ja", "飛行船はいつ出発しましたか", ("飛行船", "出発")),
        ("ja", "すしはどこで売られましたか", ("すし",)),
        ("zh", "飞艇是什么时候起飞的？", ("飞艇", "起飞")),
        ("zh", "目的是什么？", ("目的",)),
        ("zh", "桥", ("桥",)),
        ("th", "สะพานใหม่", ("สะพานใหม่",)),
        ("ko", "세종대왕은 비행선을", ("세종대왕은", "비행선을")),
        ("de", "Die Brücke", ("Brücke",)),
    ],
)
async def test_unknown_words_are_named_as_they_were_typed(
    tmp_path: Path, code: str, question: str, words: tuple[str, ...]
) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("Tea", "Tea leaves float on water.", "tea.md", code)])

        answer = await library.ask(question)

    assert answer.unknown_terms == words


@pytest.mark.parametrize(
    ("code", "held", "question", "words"),
    [
        ("ja", "憲法の条文。改正。", "飛行船法の改正はいつですか", ("飛行船",)),
        ("ja", "憲法。法。改正。", "憲法の改正", ()),
        ("ja", "東京。大学。", "東京大学の飛行船", ("飛行船",)),
        ("ja", "歴史。", "すしの歴史", ("すし",)),
        ("ja", "京大。", "飛行京大航空", ("飛行", "航空")),
        ("ja", "橋が建てられた。", "橋が壊された", ()),
        ("ja", "図書館。", "図書館で犬が飼われているのはなぜ", ()),
        ("ja", "センター。", "コンピューターは何台ですか", ("コンピューター",)),
        ("zh", "北京。地震。", "北京的飞艇", ("飞艇",)),
        ("zh", "北京发生。地震。", "北京发生了地震吗？", ()),
        ("zh", "北京。", "北京市", ()),
        ("th", "สะพาน เก่า", "สะพานใหม่", ("ใหม่",)),
        ("th", "แม่น้ำ ข้าง", "สร้าง", ()),
        ("ko", "열렸다", "언제 열렸나요", ()),
        ("ko", "세종대왕 비행", "세종대왕은 비행선을", ("비행선을",)),
        ("ko", "세종대왕", "세종대왕에게", ()),
    ],
)
async def test_only_what_reads_as_a_word_is_named(
    tmp_path: Path, code: str, held: str, question: str, words: tuple[str, ...]
) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("a", held, "a.md", code)])

        answer = await library.ask(question)

    assert answer.unknown_terms == words


async def test_matched_words_lose_their_particles(tmp_path: Path) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("橋", "新しい橋の開通式は1934年でした。", "a.md", "ja")])

        answer = await library.ask("橋の開通式はいつですか")

    assert answer.matched_terms == ("橋の開通式",)


@given(st.text("日本語橋はのสะพาน세종 ab", max_size=20), st.randoms())
def test_words_as_typed_are_slices_of_the_question(question: str, random: Random) -> None:
    forms = list(dict.fromkeys(Analyzer("ja").forms(question)))
    terms = [form for form in forms if random.random() < 0.7]
    others = [form for form in forms if form not in terms]

    words = as_typed(terms, others, question, [language("ja")])

    assert all(word in question for word in words)
    assert all(len(word) > 1 or word in terms for word in words)
    assert len(words) == len(set(words))
    assert [word for word in words if not is_wordless(word)] == [term for term in terms if not is_wordless(term)]
    assert as_typed([term for term in terms if not is_wordless(term)], others, question, []) == tuple(
        term for term in terms if not is_wordless(term)
    )
