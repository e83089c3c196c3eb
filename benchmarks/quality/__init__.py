"""Which share of questions finds its passage, by system."""
