"""The language of a text."""

from concurrent.futures import ThreadPoolExecutor

from index.analysis import detection


def test_threads_that_come_at_once_load_the_identifier_once() -> None:
    detection._loaded.cache_clear()

    with ThreadPoolExecutor(10) as threads:
        found = set(threads.map(detection.detect, ["Tea is grown in the hills of the north."] * 10))

    assert found == {"en"}
    assert detection._loaded.cache_info().misses == 1
