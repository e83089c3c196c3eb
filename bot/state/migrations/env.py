"""What Alembic runs; the connection comes from `index.Database`, and so does the transaction around it."""

from alembic import context

from bot.state.tables import metadata

given = context.config.attributes
context.configure(connection=given["connection"], target_metadata=metadata, version_table=given["version_table"])
with context.begin_transaction():
    context.run_migrations()
