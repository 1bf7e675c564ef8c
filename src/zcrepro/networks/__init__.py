"""Tools on torch networks of any kind: what a pass over a network needs, whatever it records."""
