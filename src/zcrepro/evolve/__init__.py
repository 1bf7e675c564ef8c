"""Methods that evolve a proxy, one file each."""
