"""EZNAS programs: expressions of operators over the tensors of one layer, which score a network."""
