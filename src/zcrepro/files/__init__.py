"""Read and write every file format of the project: one module per format, and atomic replacement."""
