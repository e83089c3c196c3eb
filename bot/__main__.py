"""`footnote`, and `python -m bot`, which is the same."""

import gc
import sys
from importlib import import_module


def main() -> int:
    """Load the command line and run a command; see `bot.cli.main`."""
    # What modules are made of stays: looking through it for garbage would be a fifth of the time that loading takes,
    # and again some of each later collection.
    gc.disable()
    cli = import_module("bot.cli")
    gc.freeze()
    gc.enable()
    return int(cli.main())


if __name__ == "__main__":
    sys.exit(main())
