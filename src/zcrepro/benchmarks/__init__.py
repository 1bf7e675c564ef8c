"""Recipes that read raw files into tidy accuracies and released scores, one file per benchmark."""
