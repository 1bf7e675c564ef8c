"""One figure a file; each is called as its file, and its constant ``FIGURE`` says how it is drawn."""
