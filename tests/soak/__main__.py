"""`python -m tests.soak`: run a soak and tell what came of it. Exit code 1 if anything was wrong."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak import report
from tests.soak.run import Plan, soak


def main() -> int:
    """Read the arguments, run, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long people ask (10)")
    parser.add_argument("--per-second", type=float, default=4.0, help="questions a second, beside the bursts (4)")
    parser.add_argument("--kills", type=int, default=8, help="how often the process is killed (8)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that happens by chance (1)")
    parser.add_argument("--out", type=Path, default=Path("build/soak"), help="folder of the report (build/soak)")
    given = parser.parse_args()
    plan = Plan(given.minutes * 60, given.per_second, kills=given.kills, seed=given.seed)
    with tempfile.TemporaryDirectory(prefix="footnote-soak-") as folder:
        outcome = asyncio.run(soak(plan, Path(folder)))
    given.out.mkdir(parents=True, exist_ok=True)
    written = report.text(outcome)
    (given.out / "report.md").write_text(written, "utf-8")
    (given.out / "bot.log").write_text(outcome.log, "utf-8")
    report.plot(outcome, given.out / "report.png")
    print(written)
    print(f"{given.out} holds it, with a picture and the log.")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
