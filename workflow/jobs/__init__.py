"""The settings and files of each stage's jobs, cut from the configuration. Nothing here knows Snakemake."""
