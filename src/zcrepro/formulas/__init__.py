"""Formulas over proxies: text, LaTeX, values, and the proxy that a formula is."""
