"""The passes: each runs a network once, and records what its proxies need."""
