"""From bytes to text, whatever encoding they are in."""

import re
from collections.abc import Iterable
from importlib import import_module

_BYTE_ORDER_MARKS = (
    # UTF-32's little-endian mark begins with UTF-16's, so it is asked first.
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_GUESSING = "index.ingestion.guessing"
"""Loaded by name when there is something to guess, which is rare: its tables take 4 MB."""

_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_MAX_CONTROL_SHARE = 0.01
_GUESSED_FROM_BYTES = 256 * 1024
_MAX_DAMAGED_SHARE = 0.001
_HIGH_BYTES = bytes(range(128, 256))
_NOT_WESTERN = tuple(bytes([byte]) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
_MAX_WESTERN_SHARE = 0.03
"""Few letters beyond ASCII are those of Western languages, and too few for a guess; Polish and Turkish have 8 %."""

_MAX_WRONG_SHARE = 0.01

# What people declare and what they mean: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "tis-620": "cp874",
    "windows-874": "cp874",
}
_ENCODING_NAME = re.compile(r"(?:iso-?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[rtu]|mac-?\w+|big5\S*|euc[-_]\w+|"
                            r"gb18030|iso-2022-(?:jp|kr)\S*|johab|viscii|hz)")  # fmt: skip
_DECLARED_IN_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_DECLARED_IN_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w-]{2,40})", re.IGNORECASE)


def decode(content: bytes, declared: Iterable[str | None] = ()) -> str | None:
    """Turn bytes into text.

    A byte order mark decides; then bytes that are valid UTF-8 are UTF-8, whatever was declared; then the first
    declaration under which nearly all is readable; then UTF-8 with little damage; then a guess from the letters.

    Returns:
        The text, with U+FFFD for what cannot be read; None if the bytes are no text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    controls = len(content) - len(content.translate(None, _CONTROL_BYTES))
    if controls > len(content) * _MAX_CONTROL_SHARE:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for name in declared:
        text = _decode_as(content, name)
        if text is not None:
            return text
    text = content.decode("utf-8", "replace")
    if text.count("\ufffd") <= len(text) * _MAX_DAMAGED_SHARE:
        return text
    high = len(content) - len(content.translate(None, _HIGH_BYTES))
    if high < len(content) * _MAX_WESTERN_SHARE and not any(byte in content for byte in _NOT_WESTERN):
        return content.decode("cp1252")
    # The guess needs no more than a part, which ends with a line so that no letter is cut in two.
    sample = content[:_GUESSED_FROM_BYTES]
    encoding = import_module(_GUESSING).encoding_of(sample[: sample.rfind(b"\n") + 1] or sample)
    return None if encoding is None else content.decode(encoding, "replace")


def declared_in(content: bytes) -> list[str]:
    """The encodings that the beginning of an HTML or XML file names, in order."""
    found = (_DECLARED_IN_XML.match(content[:512]), _DECLARED_IN_META.search(content[:4_096]))
    return [match[1].decode("ascii") for match in found if match is not None]


def _decode_as(content: bytes, name: str | None) -> str | None:
    asked = (name or "").strip().lower()
    encoding = _MEANT.get(asked, asked)
    # Python knows codecs that are no encodings of pages: utf-7 hides tags, punycode and idna are slow.
    if encoding not in _MEANT.values() and not _ENCODING_NAME.fullmatch(encoding):
        return None
    try:
        text = content.decode(encoding, "replace")
    except (LookupError, ValueError):
        return None
    return text if text.count("\ufffd") <= len(text) * _MAX_WRONG_SHARE else None
