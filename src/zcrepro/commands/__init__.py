"""The commands for people, one per module; the stages have commands of their own."""
