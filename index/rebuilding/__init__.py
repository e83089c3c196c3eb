"""Building an index in a process of its own, so that questions are answered meanwhile as fast as ever.

`parent` starts it and reads what it reports; `__main__` is that process. See docs/decisions/0010.
"""

from index.rebuilding.parent import build

__all__ = ["build"]
