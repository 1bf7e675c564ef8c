"""Rank correlations, votes, and their intervals."""
