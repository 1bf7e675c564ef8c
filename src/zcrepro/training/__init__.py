"""Networks that the project trains itself."""
