"""One table per file, named as the file: ``TABLE`` describes it, and ``READS`` names its inputs."""
