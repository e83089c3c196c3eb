"""Measurements beside other people's engines; see README.md here."""
