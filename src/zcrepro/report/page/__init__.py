"""The page of a run: one HTML file that needs no other. Each file makes a part of it; ``stage`` joins them."""
