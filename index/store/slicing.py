"""Passages cut out of articles, a statement for each number of them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Executable, Integer, bindparam, func, literal_column, select, union_all

from index.models import ArticleInfo
from index.store.reading import Reader
from index.store.tables import articles, info_columns

_MAX_SLICES = 200  # SQLite takes 500 SELECTs in one statement

Place = tuple[int, int, int]
"""Number of an article, start and end in characters, 0 <= start <= end."""


class Slices:
    """Cuts over a reader that belongs to somebody else."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._statements: dict[int, Executable] = {}

    async def cut(self, wanted: Sequence[Place]) -> dict[Place, tuple[ArticleInfo, str]]:
        """See `Store.slices`."""
        cut: dict[Place, tuple[ArticleInfo, str]] = {}
        for part in _parts(list(dict.fromkeys(wanted))):
            parameters: dict[str, int] = {}
            for place, (number, start, end) in enumerate(part):
                parameters[f"number_{place}"] = number
                parameters[f"first_{place}"] = start + 1
                parameters[f"length_{place}"] = end - start
            for row in await self._reader.read(self._statement(len(part)), parameters):
                place, passage, *info = row
                cut[part[place]] = (ArticleInfo(*info), passage)
        return cut

    def _statement(self, count: int) -> Executable:
        """One SELECT for each slice; the statement is kept, so that only the first of its length costs building."""
        if count not in self._statements:
            self._statements[count] = union_all(
                *(
                    select(
                        literal_column(str(place), Integer).label("place"),
                        func.substr(
                            articles.c.text,
                            bindparam(f"first_{place}", type_=Integer),
                            bindparam(f"length_{place}", type_=Integer),
                        ).label("passage"),
                        *info_columns,
                    ).where(articles.c.number == bindparam(f"number_{place}", type_=Integer))
                    for place in range(count)
                )
            )
        return self._statements[count]


def _parts(wanted: list[Place]) -> Iterator[list[Place]]:
    for start in range(0, len(wanted), _MAX_SLICES):
        yield wanted[start : start + _MAX_SLICES]
