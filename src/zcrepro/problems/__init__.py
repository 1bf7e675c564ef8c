"""Scores joined with accuracies: the rows of a problem, their units, and their split by graph."""
