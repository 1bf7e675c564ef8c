"""``python -m zcrepro``."""

from zcrepro.cli import main

main()
