"""Zero-cost proxies, one file each; a proxy belongs to the pass that its file imports."""
