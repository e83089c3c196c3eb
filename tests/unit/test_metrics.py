"""The figures, and the dashboard that shows them."""

import json
import re
from pathlib import Path

from bot.metrics import Metrics
from bot.questions import Asking, Outcome, Way

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana.json").read_text("utf-8"))
_NAME = re.compile(r"\b(?:footnote|process|python)_[a-z_]+")


def shown() -> dict[str, str]:
    """Every series that can be asked for, with the family that it belongs to."""
    names: dict[str, str] = {}
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",)}
    for family in Metrics().registry.collect():
        names |= {family.name + suffix: family.name for suffix in suffixes.get(family.type, ("",))}
    return names


def expressions() -> list[str]:
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return asked + [one["definition"] for one in DASHBOARD["templating"]["list"] if "definition" in one]


def test_the_dashboard_shows_every_figure_and_no_other() -> None:
    there = shown()
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}

    assert asked - set(there) == set()
    assert {there[name] for name in asked} == set(there.values())


def test_every_figure_and_every_alert_is_documented_with_names_that_exist() -> None:
    documented = set(_NAME.findall((ROOT / "docs" / "monitoring.md").read_text("utf-8")))
    there = shown()

    assert documented - set(there) - set(there.values()) == set()
    assert {there.get(name, name) for name in documented} == set(there.values())


def test_the_panels_of_the_dashboard_have_ids_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels)


def test_series_are_there_before_the_first_question_and_labels_are_few() -> None:
    metrics = Metrics()
    before = metrics.text().decode()

    metrics.asked(Asking(Way.SLASH, Outcome.ANSWERED, {"rank": 2.0}, 5.0, 1, "abc", None))
    after = metrics.text().decode()

    assert 'footnote_questions_total{outcome="failed",way="dm"} 0.0' in before
    assert 'footnote_questions_total{outcome="answered",way="slash"} 1.0' in after
    assert "abc" not in after
    assert len(after.splitlines()) < 400
