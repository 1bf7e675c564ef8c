"""Formulas over proxies: their text, LaTeX and values, and formulas as proxies."""
