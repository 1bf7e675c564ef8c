"""The page of a run: one HTML file that needs no other. Each file makes a part, and ``stage`` joins them."""
