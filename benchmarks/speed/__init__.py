"""What an index costs to build, keep and ask, by engine."""
