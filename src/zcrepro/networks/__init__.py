"""Tools that run, alter and restore torch networks of any kind."""
