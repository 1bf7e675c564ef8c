"""Search spaces, one file per space; shared code is in the files with a leading underscore."""
