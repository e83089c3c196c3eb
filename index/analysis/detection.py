"""Which language a text is in: by its script where that decides, else by py3langid among the languages we handle."""

import re
import threading
from functools import cache
from typing import Any

from index.analysis.languages import known_languages

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("lo", re.compile("[\u0e80-\u0eff]")),
    ("my", re.compile("[\u1000-\u109f]")),
    ("km", re.compile("[\u1780-\u17ff]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("te", re.compile("[\u0c00-\u0c7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    # Scripts of one language each that we know by their letters only.
    ("hy", re.compile("[\u0530-\u058f]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("pa", re.compile("[\u0a00-\u0a7f]")),
    ("gu", re.compile("[\u0a80-\u0aff]")),
    ("or", re.compile("[\u0b00-\u0b7f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("kn", re.compile("[\u0c80-\u0cff]")),
    ("ml", re.compile("[\u0d00-\u0d7f]")),
    ("si", re.compile("[\u0d80-\u0dff]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("am", re.compile("[\u1200-\u137f]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 3_000
"""Characters that are looked at: more changes nothing and costs a millisecond a thousand."""


_loading = threading.Lock()


def _identifier() -> Any:
    """The identifier, loaded once: `cache` alone lets every thread that comes before it is there load its own."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    # Imported when first needed: it takes a second and 50 MB, and whoever names the language never needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    every = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    codes = {"nb" if code == "no" else code for code in known_languages()} | {"no"}
    every.set_languages([code for code in every.nb_classes if code in codes])
    # Another one of these languages alone: the first keeps the numbers of all 142, 28 MB.
    return LanguageIdentifier(
        every.nb_ptc, every.nb_pc, every.nb_classes, every.tk_nextmove, every.tk_output, True, tk_row=every.tk_row
    )


def detect(text: str) -> str:
    """The code of the text's language; "en" when it has no letters.

    The first call of a text in the Latin, Cyrillic or Arabic script takes a second.
    """
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return "en"
    for code, script in _SCRIPTS:
        share = len(script.findall(sample)) / letters
        if share > (0.1 if code == "ja" else 0.4):
            return code
    found = str(_identifier().classify(sample)[0])
    return "no" if found in ("nb", "nn") else found
