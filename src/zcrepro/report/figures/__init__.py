"""One figure per file, named as the file: ``FIGURE`` describes it, and ``READS`` names its inputs."""
