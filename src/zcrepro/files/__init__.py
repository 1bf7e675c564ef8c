"""Every file that is read or written: one module for each format, and atomic replacement."""
