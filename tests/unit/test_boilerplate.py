import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.ingestion.boilerplate import Reason, RemovedLine, remove_boilerplate

BODY = "The long bridge over the sound opened in July 2000, and the first train crossed it on the same day."
FURNITURE = [
    "Advertisement",
    "Share this article",
    "Leave a Reply",
    "See also: Ten bridges",
    "3 comments",
    "The bridge",
]
LINES = st.lists(st.sampled_from([BODY, "", "  ", "    code", "```", "A bridge.", *FURNITURE]) | st.text(max_size=60))


def reasons(text: str, title: str = "") -> list[Reason]:
    return [removed.reason for removed in remove_boilerplate(text, title).removed]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Leave a Reply »", Reason.COMMENT_FORM),
        ("Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind markiert *", Reason.COMMENT_FORM),
        ("コメントを残す", Reason.COMMENT_FORM),
        ("Website", Reason.COMMENT_FORM),
        ("1,204 Comments", Reason.SHARE),
        ("Facebook | Twitter | WhatsApp", Reason.SHARE),
        ("Share on Mastodon", Reason.SHARE),
        ("• Advertisement •", Reason.FURNITURE),
        ("Schließen", Reason.FURNITURE),
        ("© 2024 The Daily Planet, Inc. All rights reserved.", Reason.FURNITURE),
        ("Don’t miss", Reason.FURNITURE),
        ("See also: Ten bridges that changed Europe", Reason.POINTER),
        ("Lesen Sie auch: Zehn Brücken", Reason.POINTER),
        ("Les også «Ti broer»", Reason.POINTER),
        ("Read more Ten bridges of the north", Reason.POINTER),
        ("延伸阅读：十座桥", Reason.POINTER),
        ("相关阅读十座桥", Reason.POINTER),
        ("Video: Ten bridges from above", Reason.POINTER),
    ],
)
def test_a_line_of_the_page_is_removed_with_its_reason(line: str, reason: Reason) -> None:
    cleaned = remove_boilerplate(f"{BODY}\n\n{line}\n\nCars pay a toll.", "")

    assert cleaned.text == f"{BODY}\n\nCars pay a toll."
    assert cleaned.removed == (RemovedLine(line, reason),)


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies to improve your experience.",
        "We and our partners use cookies on this website to show you ads.",
        "This website uses cookies to ensure you get the best experience.",
        "Accept all cookies",
        "Cookie settings",
        "Wir verwenden Cookies, um Ihnen das beste Erlebnis zu bieten.",
        "Nous utilisons des cookies pour améliorer votre expérience.",
        "Utilizamos cookies para mejorar tu experiencia.",
        "Aceptar todas las cookies",
        "Usamos cookies para melhorar sua experiência.",
        "Utilizziamo i cookie per migliorare la tua esperienza.",
        "Wij gebruiken cookies om uw ervaring te verbeteren.",
        "Używamy plików cookie, aby poprawić komfort korzystania z serwisu.",
        "Мы используем файлы cookie для улучшения работы сайта.",
        "Deneyiminizi iyileştirmek için çerezleri kullanıyoruz.",
        "我们使用 Cookie 来改善您的体验。",
        "当サイトではCookieを使用しています。",
        "より良い体験を提供するため、クッキーを使用しています。",
        "사용자 경험을 개선하기 위해 쿠키를 사용합니다.",
        "Vi bruker informasjonskapsler for å gi deg en bedre opplevelse.",
        "Vi använder cookies för att förbättra din upplevelse.",
        "Vi bruger cookies for at forbedre din oplevelse.",
        "Käytämme evästeitä parantaaksemme käyttökokemusta.",
    ],
)
def test_a_line_that_asks_for_cookies_is_removed_and_stays_where_cookies_are_the_matter(line: str) -> None:
    text = f"{BODY}\n{line}\nCars pay a toll."
    matter = (
        "A cookie is a small file, and the court ruled on 1 October 2019 that a company must ask before it sets one."
    )

    assert remove_boilerplate(text, "").removed == (RemovedLine(line, Reason.FURNITURE),)
    assert remove_boilerplate(text, "What cookies are for").removed == ()
    assert remove_boilerplate(f"{text}\n{matter}", "").removed == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("分享到", Reason.SHARE),
        ("分享", Reason.SHARE),
        ("分享到：微信 微博", Reason.SHARE),
        ("シェアする", Reason.SHARE),
        ("共有", Reason.SHARE),
        ("공유하기", Reason.SHARE),
        ("Like this: Loading...", Reason.SHARE),
        ("相关新闻", Reason.FURNITURE),
        ("関連記事", Reason.FURNITURE),
        ("관련기사", Reason.FURNITURE),
        ("İlgili haberler", Reason.FURNITURE),
        ("Tout accepter", Reason.FURNITURE),
        ("Relaterte artikler", Reason.FURNITURE),
        ("함께 읽기: 열 개의 다리", Reason.POINTER),
        ("بیشتر بخوانید: ده پل", Reason.POINTER),
        ("Ayrıca bkz: On köprü", Reason.POINTER),
        ("Przeczytaj także: Dziesięć mostów", Reason.POINTER),
        ("相关新闻：十座桥", Reason.POINTER),
    ],
)
def test_buttons_and_lines_that_point_elsewhere_are_known_in_many_languages(line: str, reason: Reason) -> None:
    assert remove_boilerplate(f"{BODY}\n{line}\nCars pay a toll.", "").removed == (RemovedLine(line, reason),)


@pytest.mark.parametrize(
    "line",
    [
        "Cookies are small files that a site stores in the browser.",
        "The court ruled that the company must ask before it sets cookies.",
        "We use cookies from the bakery as a base for the cake.",
        "We use cookies to make the crust.",
        "Bake the cookies for 12 minutes.",
        "“We use cookies on this site,” the company said.",
        "分享经济在2019年增长了三成。",
        "関連記事を読んだ人は三千人だった。",
        "공유 경제는 2019년에 성장했다.",
        "Share prices fell by 3 percent.",
        "Copyright is a right of authors.",
        "Read more about it was the teacher's advice.",
        "Video shows the bridge from above",
        "Photos: the bridge opens in July 2000.",
        "See also the work of Smith, who built it.",
        "Photo: Jane Doe/AP",
        "By Jane Doe",
        "More from the sea than from the land came to the town. So it grew.",
        "* * *",
        "    print",
        "\tmenu",
    ],
)
def test_a_line_with_facts_stays(line: str) -> None:
    text = f"{BODY}\n{line}\nCars pay a toll."

    assert remove_boilerplate(text, "") == remove_boilerplate(text, "A title of something else")
    assert remove_boilerplate(text, "").text == text


@pytest.mark.parametrize(
    "line",
    [
        "The Long Bridge over the Sound",
        "THE LONG BRIDGE OVER THE SOUND | The Daily Planet",
        "EuropeThe long bridge over the sound",
        "The long bridge over the Sund",
        "Über the long bridge over the sound",
    ],
)
def test_a_first_line_that_repeats_the_title_is_removed(line: str) -> None:
    assert reasons(f"{line}\n{BODY}", "The long bridge over the sound") == [Reason.TITLE]


def test_the_title_is_not_looked_for_below_the_first_lines() -> None:
    assert (
        reasons(f"{BODY}\nA.\nB.\nC.\nD.\nE.\nThe long bridge over the sound", "The long bridge over the sound") == []
    )


def test_a_sentence_that_holds_the_title_stays() -> None:
    assert reasons(f"We saw the long bridge over the sound.\n{BODY}", "The long bridge over the sound") == []


def test_what_follows_a_comment_form_goes_with_it() -> None:
    text = f"{BODY * 3}\nLeave a reply\nGreat article!\n{BODY}"

    assert reasons(text) == [Reason.COMMENT_FORM, Reason.AFTER_COMMENT_FORM, Reason.AFTER_COMMENT_FORM]


def test_a_comment_form_in_the_first_half_cuts_nothing() -> None:
    assert reasons(f"Leave a reply\n{BODY * 3}") == [Reason.COMMENT_FORM]


def test_a_repeated_sentence_is_removed_and_a_repeated_short_line_is_not() -> None:
    assert reasons(f"{BODY}\nWhere: the town hall.\n{BODY}\nWhere: the town hall.") == [Reason.REPEATED]


def test_code_stays() -> None:
    text = f"{BODY}\n```\nsearch\nmenu\n```\n    close"

    assert remove_boilerplate(text, "").text == text


def test_a_text_of_nothing_but_boilerplate_stays() -> None:
    cleaned = remove_boilerplate("Menu\n\nSearch\n", "")

    assert (cleaned.text, cleaned.removed) == ("Menu\n\nSearch\n", ())


def test_line_ends_and_blank_lines_are_made_even() -> None:
    assert remove_boilerplate("\r\n A \r\n\r\n \r\nB\rC\n\n", "").text == " A \n\nB\nC"


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence.endswith(".") for reason in Reason)


@given(LINES.map("\n".join) | st.text(), st.sampled_from(["", "The bridge", "A bridge over the sound"]) | st.text())
def test_every_line_is_kept_as_it_was_or_reported(text: str, title: str) -> None:
    cleaned = remove_boilerplate(text, title)
    before = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    kept = [line for line in cleaned.text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    removed = [removed.line for removed in cleaned.removed]

    assert sorted(map(str.strip, kept)) + sorted(removed) == sorted(map(str.strip, kept)) + sorted(
        _difference(before, kept)
    )
    assert bool(kept) == bool(before)


def _difference(before: list[str], kept: list[str]) -> list[str]:
    """The lines that are missing in `kept`, which must be a subsequence; stripped."""
    rest = iter(kept)
    following = next(rest, None)
    missing = []
    for line in before:
        if line == following:
            following = next(rest, None)
        else:
            missing.append(line.strip())
    assert following is None
    return missing


@given(LINES.map("\n".join))
def test_cleaning_leaves_single_blank_lines(text: str) -> None:
    cleaned = remove_boilerplate(text, "")

    assert not cleaned.removed or "\n\n\n" not in cleaned.text
    assert not cleaned.removed or cleaned.text.strip("\n") == cleaned.text
