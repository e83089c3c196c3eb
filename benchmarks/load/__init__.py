"""The bot under load: `python -m benchmarks.load`."""
