"""Every test that the guide to security names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", (ROOT / "docs" / "security.md").read_text("utf-8"))))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda one: one)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    (path,) = (ROOT / "tests").rglob(file)

    assert re.search(rf"(?m)^(?:async )?def {name}\(", path.read_text("utf-8"))


def test_tests_are_named_for_each_section() -> None:
    sections = re.split(r"(?m)^## ", (ROOT / "docs" / "security.md").read_text("utf-8"))[1:]

    assert len(NAMED) >= 40
    assert [one.splitlines()[0] for one in sections if "::test_" not in one] == []


def test_each_row_of_its_tables_names_a_test() -> None:
    lines = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| could try")]

    assert len(rows) >= 20
    assert [row for row in rows if not re.search(r"`test_\w+\.py::test_\w+`", row.split(" | ")[-1])] == []
