"""Promote results of a run to tracked files: one module per kind of result."""
