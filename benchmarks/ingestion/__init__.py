"""How well articles are extracted from pages, beside other libraries."""
