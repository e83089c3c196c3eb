"""`footnote reindex`: a new index, and one that somebody interrupts."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from index.rebuilding.parent import build
from tests.support.command_line import EXAMPLES, QUESTION, Run, as_json, told


def test_a_new_index_answers_the_same(filled: Run) -> None:
    before = as_json(filled("ask", "--json", QUESTION))

    code, out, _ = filled("reindex")

    assert code == 0
    assert out.startswith(f"indexed {len(list(EXAMPLES.iterdir()))} articles in ")
    assert as_json(filled("ask", "--json", QUESTION))["quote"] == before["quote"]


def test_an_interrupted_reindex_leaves_the_old_index(
    filled: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = as_json(filled("ask", "--json", QUESTION))["quote"]

    async def interrupt(*given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return await build(*given)

    # The moment at which somebody presses Ctrl-C has to be within the build.
    monkeypatch.setattr("index.rebuilding.rebuilder.build", interrupt)
    ran = filled("reindex")
    monkeypatch.undo()

    assert "the index in use is unchanged" in told(ran, 130)
    assert as_json(filled("ask", "--json", QUESTION, "--store", f"sqlite:///{tmp_path}/library.db"))["quote"] == before
