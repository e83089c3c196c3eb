"""Trains the weights of re-ranking and confidence."""
