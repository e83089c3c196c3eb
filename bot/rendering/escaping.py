r"""Text of others, safe and word for word inside Discord's markdown.

What is escaped gets a backslash, which Discord takes away again, so that what people see are the article's own
characters. Three things are left out or changed for the eye only (`visible`), and a check that a quote is word for word
has to look past these alone: what cannot be seen or steers the text around it, white space that Discord would change,
and towers of accents. What this module adds besides backslashes and bold is invisible and among what `visible` drops:
isolates of direction, a word joiner in "@everyone" and "@here", and zero-width spaces within bold beside punctuation.

The rules are those of Discord's web client, which builds on Khan Academy's simple-markdown.
"""

import re
import unicodedata
from collections.abc import Sequence

from bot.rendering.limits import ELLIPSIS, character_end, length
from index import Span

MOST_MARKS = 8
"""Marks above and below one letter that are shown: Hebrew with cantillation needs 4, and no script more than 8."""

_FIRST_STRONG_ISOLATE, _RIGHT_TO_LEFT_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2067", "\u2069"
_WORD_JOINER = "\u2060"
_ZERO_WIDTH_SPACE = "\u200b"
# Noncharacters: they mark bold while a passage is prepared, and no text has them but ours.
_BOLD_BEGINS, _BOLD_ENDS = "\ufdd0", "\ufdd1"
_MARKERS = _BOLD_BEGINS + _BOLD_ENDS
_MARKER = re.compile(f"([{_MARKERS}])")

_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# England, Scotland and Wales are a black flag and tags; tags elsewhere only hide text.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f"
# Controls; zero-width space, joiner of words and invisible operators; what embeds, overrides or isolates direction
# (https://trojansource.codes); annotations, musical and shorthand controls; tags; half surrogate pairs; noncharacters.
# The single marks U+061C, U+200E and U+200F turn nothing else, and U+200C and U+200D belong to Persian and to emoji.
_UNSEEN = re.compile(
    f"({_FLAG})"
    "|[\0-\x08\x0e-\x1f\x7f-\x9f\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd2-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
)
_SPACES_AT_LINE_END = re.compile("(?<! ) +$", re.MULTILINE)
_BLANK_LINES = re.compile("\n{3,}")

_SPECIAL = re.compile(r"[\\*_~|`<>\[\]#:@]")
_PINGS_ALL = re.compile(r"(\\@)(?=everyone|here)")
# Clients offer a button to join where an invite stands, with or without a scheme.
_INVITE = re.compile(r"(discord(?:app)?)\.(?=gg|com|me|io|li|new|gift)", re.IGNORECASE)
_LIST_BEGINS = re.compile(rf"^([\s{_MARKERS}]*)(?:([-+])|(\d+)\.(?=\s|$))", re.MULTILINE)


def visible(text: str) -> str:
    """A text as a card shows it, without its markdown: the form in which quotes are compared with their articles.

    Dropped are control characters, direction embeddings, overrides and isolates, zero-width spaces, tags outside flags,
    halves of surrogate pairs, noncharacters, and marks on no letter or after the eighth on one. All line ends become
    line feeds, more than one blank line becomes one, a tab four spaces, and spaces at a line's end go.
    """
    return _visible(_without_markers(text))


def _without_markers(text: str) -> str:
    return text.replace(_BOLD_BEGINS, "").replace(_BOLD_ENDS, "")


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable() and not text.endswith(" "):
        return text
    text = _UNSEEN.sub(lambda found: found[1] or "", _LINE_ENDS.sub("\n", text)).replace("\t", "    ")
    return _BLANK_LINES.sub("\n\n", _SPACES_AT_LINE_END.sub("", _with_few_marks(text)))


def _with_few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    # A mark on nothing, or on white space, would go onto the markdown before it.
    marks = MOST_MARKS
    for character in text:
        if _is_mark(character):
            marks += 1
        elif character not in _MARKERS:
            marks = MOST_MARKS if character.isspace() else 0
        if marks <= MOST_MARKS or character in _MARKERS:
            kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def escaped(text: str) -> str:
    """Any text so that Discord shows it as it is, mentions nobody and links nowhere.

    Lines stay lines; all else is told at `visible`.
    """
    return _escaped(visible(text))


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\g<0>", text)
    text = _PINGS_ALL.sub(rf"\1{_WORD_JOINER}", text)
    text = _INVITE.sub(r"\1\.", text)
    return _LIST_BEGINS.sub(_list_escaped, text)


def _list_escaped(found: re.Match[str]) -> str:
    before, bullet, number = found.groups()
    return f"{before}\\{bullet}" if bullet else f"{before}{number}\\."


def escaped_line(text: str, longest: int) -> str:
    """Any text on one line, as long as fits in `longest` >= 20 characters when escaped; nothing for nothing.

    What is left out is shown by "…", at a word's end when there is one in the second half. A text with right-to-left
    letters is isolated, so that it does not turn what stands beside it.
    """
    line = " ".join(visible(text).split())
    shown = _escaped(line)
    if length(shown) > longest - 2:
        shown = _escaped(line[: _fitting(line, longest - 3)].rstrip()) + ELLIPSIS
    return _isolated(shown, from_the_right=False)


def _fitting(line: str, longest: int) -> int:
    """Where to cut a line so that its escaped form fits."""
    low, high = 0, min(len(line), longest)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(_escaped(line[:middle])) <= longest else (low, middle - 1)
    word_end = line.rfind(" ", 0, low + 1)
    return word_end if word_end > low // 2 else character_end(line, low)


def quoted_passage(passage: str, bold: Sequence[Span] = ()) -> str:
    """A passage as a block quote, with spans of it in bold.

    Each line begins with "> "; blank lines at the beginning and the end go. Bold leaves out white space at its ends,
    stands on each line by itself, and is one where only white space parts two spans. Lines of a passage that is mostly
    right-to-left read from the right. Nothing for a passage in which nothing can be seen.
    """
    marked = _visible(_marked(passage, bold))
    from_the_right = is_right_to_left(marked)
    shown: list[str] = []
    is_bold = False
    for line in _escaped(marked.strip("\n")).split("\n"):
        with_bold, is_bold = _with_bold(line, is_bold)
        shown.append(f"> {_flanked(_isolated(with_bold, from_the_right))}")
    return "" if shown == ["> "] else "\n".join(shown)


def most_when_quoted(text: str) -> int:
    """A quick bound of the characters that `quoted_passage` makes of a text with at most two spans in bold."""
    lines = 1 + sum(map(text.count, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
    # Of a line: "> ", its end, an isolate, bold with its spaces, and the backslash of a list. Of the second span: bold
    # once more.
    return (
        length(text)
        + len(_SPECIAL.findall(text))
        + text.count("@")
        + 3 * text.count("\t")
        + text.lower().count("discord")
        + 12 * lines
        + 6
    )


def _marked(passage: str, bold: Sequence[Span]) -> str:
    """The passage with markers where bold begins and ends."""
    pieces: list[str] = []
    at = 0
    for span in _apart(passage, bold):
        before, inside = passage[at : span.start], passage[span.start : span.end]
        pieces += [_without_markers(before), _BOLD_BEGINS, _without_markers(inside), _BOLD_ENDS]
        at = span.end
    return "".join([*pieces, _without_markers(passage[at:])])


def _apart(passage: str, bold: Sequence[Span]) -> list[Span]:
    """Spans in order that begin and end with something to be seen, with more than white space between them."""
    kept: list[Span] = []
    for span in sorted(bold, key=lambda span: (span.start, span.end)):
        start, end = span.start, span.end
        while character_end(passage, end) < end:
            end += 1
        while start < end and character_end(passage, start) < start:
            start += 1
        # By what is seen as one character: a joiner behind a space belongs to neither, and yet parts nothing.
        while start < end and _is_blank(passage[start : (after := _after(passage, start))]):
            start = after
        while start < end and _is_blank(passage[end - 1]) and character_end(passage, end - 1) == end - 1:
            end -= 1
        if start == end:
            continue
        if kept and all(map(_is_blank, passage[kept[-1].end : start])):
            kept[-1] = Span(kept[-1].start, max(kept[-1].end, end))
        else:
            kept.append(Span(start, end))
    return kept


def _after(text: str, start: int) -> int:
    """The end of what is seen as one character and begins at a place."""
    end = start + 1
    while character_end(text, end) < end:
        end += 1
    return end


def _is_blank(character: str) -> bool:
    return not _visible(character).strip()


def _with_bold(line: str, is_bold: bool) -> tuple[str, bool]:
    """A line whose markers stand in pairs close around its bold, and whether bold goes on after it."""
    pieces: list[str] = []
    for piece in _MARKER.split(line):
        if piece in (_BOLD_BEGINS, _BOLD_ENDS):
            is_bold = piece == _BOLD_BEGINS
        elif is_bold and (core := piece.strip()):
            before, _, after = piece.partition(core)
            pieces.append(f"{before}{_BOLD_BEGINS}{core}{_BOLD_ENDS}{after}")
        else:
            pieces.append(piece)
    return "".join(pieces), is_bold


def _flanked(line: str) -> str:
    """A line with asterisks for its markers, so that it is bold by CommonMark's rules too, which other readers follow.

    By these "**" neither begins between a letter and punctuation nor ends between punctuation and a letter, as it does
    in "です。**次", where no spaces part sentences. A zero-width space is neither.

    Source: https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
    """
    pieces = _MARKER.split(line)[::2]
    for place in range(1, len(pieces) - 1, 2):
        before, inside, after = pieces[place - 1][-1:], pieces[place], pieces[place + 1][:1]
        if _is_punctuation(inside[0]) and _is_letter(before):
            inside = _ZERO_WIDTH_SPACE + inside
        if _is_punctuation(inside[-1]) and _is_letter(after):
            inside += _ZERO_WIDTH_SPACE
        pieces[place] = inside
    return "**".join(pieces)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _is_letter(neighbour: str) -> bool:
    """Whether a character counts as one of a word; the end of a line does not."""
    return bool(neighbour) and not neighbour.isspace() and not _is_punctuation(neighbour)


def _isolated(line: str, from_the_right: bool) -> str:
    if line and from_the_right:
        return f"{_RIGHT_TO_LEFT_ISOLATE}{line}{_END_OF_ISOLATE}"
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in line):
        return f"{_FIRST_STRONG_ISOLATE}{line}{_END_OF_ISOLATE}"
    return line


def is_right_to_left(text: str) -> bool:
    """Whether most letters of a text belong to scripts that are written from the right."""
    directions = [unicodedata.bidirectional(character) for character in text]
    return directions.count("R") + directions.count("AL") > directions.count("L")
