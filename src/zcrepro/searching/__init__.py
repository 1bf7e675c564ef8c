"""Search algorithms on tabular benchmarks, one file each."""
