"""Which passages come first: BM25, the vocabulary with its variants, annotations, features and their weights."""
