"""Recipes from raw files to tidy accuracies and released scores, one file a benchmark."""
