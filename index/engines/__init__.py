"""Engines rank passages for a query; the one in this process is `EmbeddedEngine`."""
