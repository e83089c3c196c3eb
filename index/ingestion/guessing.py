"""Guesses encodings; see `decoding`, which loads this module when it is needed."""

from charset_normalizer import from_bytes


def encoding_of(sample: bytes) -> str | None:
    """The encoding under which bytes look most like a text; None if they look like none."""
    guess = from_bytes(sample).best()
    return None if guess is None else str(guess.encoding)
