"""The retrievers that people would pick instead, each set up as its own documentation shows.

A peer takes all passages once and returns a function from a question to the places of its best passages. Peers are
imported inside their functions: each is optional, and one that is missing must not keep the others from being measured.
"""

import os
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence

SHOWN = 5
"""Passages asked of each peer; otherwise the peers keep their own defaults."""

Ask = Callable[[str], list[int]]
Peer = Callable[[Sequence[str], str], Ask]


def langchain(passages: Sequence[str], language: str) -> Ask:  # noqa: ARG001 - it knows no languages
    """LangChain's BM25Retriever: words between white space, as typed."""
    with warnings.catch_warnings():
        # The package announces its end at every import.
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.retrievers import BM25Retriever
    places = [{"place": place} for place in range(len(passages))]
    retriever = BM25Retriever.from_texts(passages, metadatas=places, k=SHOWN)

    def ask(question: str) -> list[int]:
        return [int(found.metadata["place"]) for found in retriever.invoke(question)]

    return ask


def llama_index(passages: Sequence[str], language: str) -> Ask:  # noqa: ARG001 - English is its default for all
    """LlamaIndex's BM25Retriever: English stemmer and stop words."""
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    nodes = [TextNode(id_=str(place), text=text) for place, text in enumerate(passages)]
    retriever = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(SHOWN, len(nodes)))

    def ask(question: str) -> list[int]:
        return [int(found.node.node_id) for found in retriever.retrieve(question)]

    return ask


def haystack(passages: Sequence[str], language: str) -> Ask:  # noqa: ARG001 - it knows no languages
    """Haystack's InMemoryBM25Retriever: lower-cased words, Chinese and Japanese by character, BM25L."""
    os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore()
    store.write_documents([Document(id=str(place), content=text) for place, text in enumerate(passages)])
    retriever = InMemoryBM25Retriever(document_store=store, top_k=SHOWN)

    def ask(question: str) -> list[int]:
        return [int(found.id) for found in retriever.run(query=question)["documents"]]

    return ask


def bm25s(passages: Sequence[str], language: str) -> Ask:  # noqa: ARG001 - its README's set-up is for English
    """bm25s as in its README: English stop words and PyStemmer's English stemmer."""
    import bm25s as library
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def tokens(texts: Sequence[str]) -> object:
        return library.tokenize(list(texts), stopwords="en", stemmer=stemmer, show_progress=False)

    retriever = library.BM25()
    retriever.index(tokens(passages), show_progress=False)
    shown = min(SHOWN, len(passages))

    def ask(question: str) -> list[int]:
        found, _ = retriever.retrieve(tokens([question]), k=shown, show_progress=False)
        return [int(place) for place in found[0]]

    return ask


def tantivy(passages: Sequence[str], language: str) -> Ask:
    """tantivy with `en_stem` for English and its default tokenizer for the rest; any word may match."""
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="en_stem" if language == "en" else "default")
    builder.add_unsigned_field("place", stored=True)
    index = library.Index(builder.build())
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for place, text in enumerate(passages):
        document = library.Document()
        document.add_text("text", text)
        document.add_unsigned("place", place)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(question: str) -> list[int]:
        words = without_marks(question)
        if not words:
            return []
        # The strict parser raises when the tokenizer keeps no word, as it does with Chinese clauses above 40 bytes.
        query, _ = index.parse_query_lenient(words, ["text"])
        hits = searcher.search(query, SHOWN).hits
        return [int(searcher.doc(address)["place"][0]) for _, address in hits]

    return ask


def without_marks(question: str) -> str:
    """The words of a question, so that no mark and no AND, OR or NOT in it is read as query syntax."""
    kept = [c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in question.lower()]
    return " ".join("".join(kept).split())


PEERS: Mapping[str, Peer] = {
    "LangChain BM25Retriever": langchain,
    "LlamaIndex BM25Retriever": llama_index,
    "Haystack InMemoryBM25Retriever": haystack,
    "bm25s": bm25s,
    "tantivy": tantivy,
}
