"""Result files to tables, figures and one page."""
