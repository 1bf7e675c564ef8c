"""Images of each task, one file each; what they share is in the files with a leading underscore."""
