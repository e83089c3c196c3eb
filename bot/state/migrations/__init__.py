"""The way from an empty database to the tables, step by step, walked by Alembic."""
