"""Weights are the same whenever they come from the same questions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "quality" / "data"


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """The English and the German part of our own questions; the figures printed have a mean of xquad sets."""
    for name, language in (("xquad-en", "en"), ("de", "de")):
        folder = tmp_path / "sets" / name
        folder.mkdir(parents=True)
        for file in ("articles.jsonl", "questions.jsonl"):
            lines = (DATA / file).read_text("utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["lang"] == language]
            (folder / file).write_text("\n".join(kept), "utf-8")
    return tmp_path / "sets"


@pytest.mark.slow
def test_training_twice_writes_the_same_bytes(sets: Path, tmp_path: Path) -> None:
    written = []
    for seed_of_hashes in ("1", "2"):
        out = tmp_path / f"{seed_of_hashes}.json"
        subprocess.run(
            [sys.executable, "-m", "tools.training", str(sets), str(out), "--most", "8"],
            env={**os.environ, "PYTHONHASHSEED": seed_of_hashes},
            capture_output=True,
            check=True,
            timeout=60,
        )
        written.append(out.read_bytes())

    assert any(json.loads(written[0])["common"]["passage"].values())
    assert written[0] == written[1]
