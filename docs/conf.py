"""Settings of the documentation site, which `make docs` builds.

The source folder is the root of the repository, so that the links of every document are the same on the site
and in the repository, and the builder follows all of them.
"""

project = "zcrepro"
author = "The zcrepro developers"

root_doc = "docs/index"
include_patterns = ["*.md", "config/*.md", "docs/**", "resources/**", "results/*.md"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 3  # as deep as documents link
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # seconds for a cell

default_role = "code"  # docstrings write names between single backticks
autodoc_typehints_format = "short"
maximum_signature_line_length = 90

html_theme = "furo"
html_title = "zcrepro"
html_show_sphinx = False
html_show_copyright = False
html_extra_path = ["site"]
