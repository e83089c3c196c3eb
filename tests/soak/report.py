"""What a soak has shown: as text, and as a picture."""

import statistics
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot

from tests.soak.run import Outcome


def text(outcome: Outcome) -> str:
    """The report, in Markdown."""
    seen = outcome.seen
    answered = [one for one in seen.asked if one.took_s is not None]
    excused = sum(one.took_s is None and one.is_excused for one in seen.asked)
    calm = [one.took_s for one in answered if one.took_s is not None and one.at >= outcome.calm]
    stormy = [one.took_s for one in answered if one.took_s is not None and one.at < outcome.calm]
    before, after = outcome.quiet
    looked, then = before.sample, after.sample
    lines = [
        f"# Soak of {outcome.plan.seconds / 60:.1f} minutes, seed {outcome.plan.seed}",
        "",
        f"- questions: {len(seen.asked)}, answered {len(answered)}, in flight at a kill {excused}",
        f"- seconds to the answer in bad weather: {_quantiles(stormy)}",
        f"- seconds to the answer in the calm: {_quantiles(calm)}",
        f"- the admin, acknowledged: {_counts(seen.done)}; without a word because of a kill: {_counts(seen.undone)}",
        f"- weather: {_counts(outcome.weather)}",
        f"- kills: {len(outcome.restarts)}; seconds from the start to the first answer: {_quantiles(outcome.restarts)}",
        f"- memory at rest, before and after the calm: {looked.resident / 1e6:.0f} and {then.resident / 1e6:.0f} MB; "
        f"open files {looked.files} and {then.files}, sockets {looked.sockets} and {then.sockets}, "
        f"threads {looked.threads} and {then.threads}",
        f"- as its own metrics tell: tasks {before.tasks} and {after.tasks}, "
        f"files and sockets {before.open_fds} and {after.open_fds}",
        f"- articles at the end: {outcome.articles}",
        "",
    ]
    if outcome.problems:
        lines += [f"**{len(outcome.problems)} problems**", "", *(f"- {one}" for one in outcome.problems[:50])]
    else:
        lines.append(
            "Nothing acknowledged is missing, no answer was of an article that was gone, and no task or file was left."
        )
    return "\n".join(lines) + "\n"


def _quantiles(values: list[float]) -> str:
    if not values:
        return "none"
    ranked = sorted(values)
    late = ranked[round(0.99 * (len(ranked) - 1))]
    return f"median {statistics.median(ranked):.3f}, 99 % {late:.3f}, most {ranked[-1]:.3f}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"


def plot(outcome: Outcome, path: Path) -> None:
    """Draw latency and memory over time."""
    mpl.use("Agg")
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(10, 6), layout="constrained")
    answered = [(one.at, one.took_s) for one in outcome.seen.asked if one.took_s is not None]
    above.scatter([at for at, _ in answered], [took for _, took in answered], s=4)
    above.set_yscale("log")
    above.set_ylabel("seconds to the answer")
    pids = {sample.pid: None for sample in outcome.samples}
    for pid in pids:
        own = [sample for sample in outcome.samples if sample.pid == pid]
        below.plot([sample.at for sample in own], [sample.resident / 1e6 for sample in own], color="tab:blue")
    below.set_ylim(bottom=0)
    below.set_ylabel("resident memory, MB")
    below.set_xlabel("seconds; each line is a process, the calm is shaded")
    for axes in (above, below):
        axes.axvspan(outcome.calm, max(sample.at for sample in outcome.samples), alpha=0.1, color="tab:green")
    figure.savefig(path)
    pyplot.close(figure)
