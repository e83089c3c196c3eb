"""Stored articles to an index, and the index that answers while articles come and go."""

from index.indexing.articles import Failed, indexed, take_in
from index.indexing.live import LiveIndex

__all__ = ["Failed", "LiveIndex", "indexed", "take_in"]
