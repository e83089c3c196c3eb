"""The picture for the README: how long a question takes, by engine and number of passages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

# Of middle lightness, so that they are seen on white as on black.
_TEXT = "#808080"
_COLOURS = ("#9aa7b8", "#5b8fd9", "#2f62b5")
_OURS = ("#e0b070", "#e08a2e", "#c26a10")


def draw(p50: Mapping[tuple[str, str, int], float], engines: Sequence[str], kinds: Sequence[str], file: Path) -> None:
    """Write a PNG or SVG.

    Args:
        p50: Milliseconds by (engine, kind, passages); what is missing has no bar.
        engines: From top to bottom; ours begin with "Footnote".

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter

    # Equal figures make an equal file.
    mpl.rcParams["svg.hashsalt"] = "footnote"
    sizes = sorted({size for _, _, size in p50})
    with pyplot.rc_context():
        mpl.rc("text", color=_TEXT)
        mpl.rc("axes", labelcolor=_TEXT, edgecolor=_TEXT)
        mpl.rc("xtick", color=_TEXT)
        mpl.rc("ytick", color=_TEXT)
        mpl.rc("font", size=9)
        figure, panels = pyplot.subplots(
            1, len(kinds), figsize=(10, 0.7 + 0.2 * len(engines) * (len(sizes) + 0.8)), sharey=True, squeeze=False
        )
        room = max(p50.values()) * 5
        for panel, kind in zip(panels[0], kinds, strict=True):
            for row, engine in enumerate(engines):
                for at, size in enumerate(sizes):
                    value = p50.get((engine, kind, size))
                    if value is None:
                        continue
                    shades = _OURS if engine.startswith("Footnote") else _COLOURS
                    y = row + (at - (len(sizes) - 1) / 2) * 0.8 / len(sizes)
                    panel.barh(y, value, 0.72 / len(sizes), color=shades[min(at, len(shades) - 1)])
                    panel.text(
                        value * 1.12, y, f"{value:.2g}" if value < 100 else f"{value:.0f}", va="center", fontsize=8
                    )
            panel.set_xscale("log")
            panel.set_xlim(min(p50.values()) / 2, room)
            panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            panel.set_title(f"{kind} questions" if kind != "stop words" else "with stop words", fontsize=10)
            panel.set_xlabel("ms a question (CPU, median), log scale")
            panel.set_yticks(range(len(engines)), engines)
            panel.tick_params(which="both", length=0)
            panel.patch.set_alpha(0)
            for side in ("top", "right", "left"):
                panel.spines[side].set_visible(False)
        panels[0][0].invert_yaxis()
        keys = [Patch(color=_COLOURS[min(i, 2)], label=f"{size:,} passages") for i, size in enumerate(sizes)]
        figure.legend(handles=keys, loc="upper right", ncols=len(sizes), frameon=False, fontsize=8)
        figure.tight_layout(rect=(0, 0, 1, 0.95))
        figure.savefig(file, transparent=True, metadata={"Date": None} if file.suffix == ".svg" else None)
        pyplot.close(figure)
