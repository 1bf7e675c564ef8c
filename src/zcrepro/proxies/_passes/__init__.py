"""What is computed together: each pass runs the network once and records what its proxies need."""
