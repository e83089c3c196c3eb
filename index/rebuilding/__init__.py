"""Building an index in a process of its own, so that questions are answered meanwhile as fast as ever.

`rebuilder` has it built and swaps it in, `parent` starts the process and reads what it reports, and `__main__` is that
process. See docs/decisions/0010.
"""

from index.rebuilding.rebuilder import Rebuilder, sweep

__all__ = ["Rebuilder", "sweep"]
