"""Three short articles to be added, a question that the first of them answers, and how one is added."""

from index import Draft, Library

QUESTION = "how many soldiers were killed?"
TRUCE = Draft(
    "Truce on the border",
    "The two countries agreed to a truce on Wednesday.\n\nAt least 49 soldiers have been killed since Tuesday, the "
    "ministry said. A first war in the 1990s killed more than 30,000 people.",
    "https://example.org/truce",
    "en",
)
BRIDGE = Draft(
    "A bridge opens", "The new bridge over the Lyn opened on Monday. It cost 40 million euros.", "bridge.md", "en"
)
DAM = Draft("Der Damm hält", "Der Damm bei Wellingen hielt stand. Die Feuerwehr zählte 300 Helfer.", "damm.md", "de")


async def added(library: Library, draft: Draft, collection: str = "shared") -> str:
    """Add an article and return its id."""
    (addition,) = await library.add([draft], collection)
    assert addition.article is not None
    return addition.article.id
