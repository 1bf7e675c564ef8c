"""The rows of a problem: scores joined with accuracies, their units, and their split by graph."""
