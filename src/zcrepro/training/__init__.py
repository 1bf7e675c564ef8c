"""Train networks for the benchmarks of the project itself."""
