"""What Alembic runs; the connection comes from `index.store.upgrading`, and so does the transaction around it."""

from alembic import context

from index.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
