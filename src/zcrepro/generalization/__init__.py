"""Judge formulas and hand-crafted proxies on problems of their training set and on others."""
