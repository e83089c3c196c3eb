"""Undoes a server's compression without ever holding more than was allowed."""

import zlib

MAX_RATIO = 200
"""Text packs 20:1 at most, and tables 100:1; bombs begin at 1,000:1."""

RATIO_FREE_BYTES = 1024 * 1024
"""Up to here any ratio is harmless."""

_MAX_GZIP_MEMBERS = 100
_STEP = 64 * 1024


class InflateError(Exception):
    """Base of what can be wrong with compressed bytes."""


class UnknownCompressionError(InflateError):
    """It is compressed in a way that was not asked for."""


class BrokenCompressionError(InflateError):
    """The compressed bytes are damaged."""


class InflatedTooLargeError(InflateError):
    """More came out than is allowed, or out of too little."""


class Inflater:
    """Takes the raw bytes of one answer piece by piece; one layer of gzip, deflate or nothing."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        """
        Args:
            encoding: The value of Content-Encoding, "" for none.
            max_bytes: Most bytes that may come out.

        Raises:
            UnknownCompressionError: It is another encoding, or several.
        """
        self._encoding = encoding.strip().lower().removeprefix("x-").replace("identity", "")
        if self._encoding not in {"", "gzip", "deflate"}:
            raise UnknownCompressionError(encoding)
        self._max_bytes = max_bytes
        self._taken = self._given = 0
        self._members = 1
        self._inflate: zlib._Decompress | None = None

    def feed(self, data: bytes) -> bytes:
        """What the next bytes become.

        Raises:
            InflateError: Any of its kinds; the inflater is of no use after that.
        """
        self._taken += len(data)
        if not self._encoding:
            return self._counted(data)
        pieces: list[bytes] = []
        try:
            while data:
                if self._inflate is None:
                    self._inflate = self._start(data)
                room = min(self._max_bytes - self._given + 1, _STEP)
                pieces.append(self._counted(self._inflate.decompress(data, room)))
                data = self._inflate.unconsumed_tail
                if self._inflate.eof:
                    data = self._next_member(self._inflate.unused_data)
        except zlib.error as error:
            raise BrokenCompressionError(str(error)) from error
        return b"".join(pieces)

    def finish(self) -> None:
        """Say that all bytes were fed.

        Raises:
            BrokenCompressionError: The compressed bytes end in their middle.
        """
        if self._inflate is not None and not self._inflate.eof:
            raise BrokenCompressionError("the end is missing")

    def _start(self, data: bytes) -> "zlib._Decompress":
        if self._encoding == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib's format, and some servers send the bare stream.
        return zlib.decompressobj() if data[0] & 15 == 8 else zlib.decompressobj(-zlib.MAX_WBITS)

    def _next_member(self, rest: bytes) -> bytes:
        if self._encoding != "gzip" or not rest.startswith(b"\x1f\x8b"):
            return b""
        self._members += 1
        if self._members > _MAX_GZIP_MEMBERS:
            raise BrokenCompressionError("it has too many parts")
        self._inflate = None
        return rest

    def _counted(self, data: bytes) -> bytes:
        self._given += len(data)
        if self._given > self._max_bytes or (self._given > RATIO_FREE_BYTES and self._given > self._taken * MAX_RATIO):
            raise InflatedTooLargeError
        return data


def gunzip(content: bytes, max_bytes: int) -> bytes:
    """Undo a whole gzip file.

    Raises:
        InflateError: It is damaged or would become too large.
    """
    inflater = Inflater("gzip", max_bytes)
    inflated = inflater.feed(content)
    inflater.finish()
    return inflated
