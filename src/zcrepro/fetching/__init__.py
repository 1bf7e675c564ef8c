"""List, download and verify the files that others publish."""
