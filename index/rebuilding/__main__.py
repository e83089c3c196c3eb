"""The process that builds an index: `python -m index.rebuilding`, with one `Request` on standard input.

It writes one JSON object a line to standard output, as `parent` reads them, and ends when standard input is closed:
whoever wanted the index is gone then.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from index.engines.embedded import EmbeddedEngine
from index.errors import LibraryError
from index.indexing import take_in
from index.rebuilding.parent import Request
from index.store import Store

_READ_AT_ONCE = 50
_NICENESS = 10
"""Half-way down: whoever answers questions comes first, and the build is not starved."""


def main() -> int:
    """Build what the request asks for; exit code 1 when that is impossible, after a line that says why."""
    line = bytearray()
    while not line.endswith(b"\n"):
        read = os.read(0, 65_536)
        if not read:
            return 1
        line += read
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        asyncio.run(_build(Request(**json.loads(line))))
    except LibraryError as error:
        _tell({"error": str(error)})
        return 1
    except OSError as error:
        _tell({"error": f"{error.filename or 'the folder of the index'}: {error.strerror or error}"})
        return 1
    return 0


async def _build(request: Request) -> None:
    engine = EmbeddedEngine()
    engine.built_at = datetime.now(UTC)
    async with await Store.open(request.address) as store:
        total = await store.count()
        done = 0
        _tell({"stage": "reading", "done": done, "total": total})
        async for batch in store.stream(_READ_AT_ONCE):
            for failed in take_in(batch, engine.gather):
                _tell({"failed": asdict(failed)})
            done += len(batch)
            _tell({"stage": "reading", "done": done, "total": max(done, total)})
    passages = sum(engine.sizes(None).values())
    _tell({"stage": "sorting", "done": 0, "total": passages})
    engine = engine.compacted(lambda sorted_: _tell({"stage": "sorting", "done": sorted_, "total": passages}))
    engine.write(Path(request.folder), request.store_id)
    _tell({"built": True})


def _tell(report: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def _end_with_the_parent() -> None:
    # Not through sys.stdin: Python could not end while a thread waits in its buffer.
    while os.read(0, 65_536):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
