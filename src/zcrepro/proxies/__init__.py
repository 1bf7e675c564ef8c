"""Zero-cost proxies, one per module, and the passes and stages that compute them."""
