"""From a file to an article: its text, what is known of it, and what in it was never part of it."""
