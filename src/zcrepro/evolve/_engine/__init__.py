"""Genetic programming on trees. A method brings its functions, terminals, fitness and options."""
