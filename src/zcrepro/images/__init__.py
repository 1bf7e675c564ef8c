"""Images of each task, one file per task; shared code is in the files with a leading underscore."""
