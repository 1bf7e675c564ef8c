"""The commands for people, one file each; the stages have commands of their own."""
