"""One table a file; each is called as its file, and its constant ``TABLE`` says how it is made."""
