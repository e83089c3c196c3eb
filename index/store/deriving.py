"""What the row of an article has besides, and what could be computed again from its title and text."""

from index.store.folding import folded


def derived(title: str, text: str, fingerprint: str) -> dict[str, object]:
    """The columns of `articles` that follow from others; `fingerprint` is the text's `content_hash`."""
    return {"characters": len(text), "title_folded": folded(title), "content_hash": fingerprint}
