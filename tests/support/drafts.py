"""Three short articles to be added, and a question that the first of them answers."""

from index import Draft

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
