"""Ways to evolve a proxy, one file each; what they share is in the files with a leading underscore."""
