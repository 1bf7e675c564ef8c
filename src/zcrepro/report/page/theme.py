"""The colours of the page, which its charts share, and the theme that the reader chooses."""

from zcrepro.report._colours import ROLES


def properties() -> str:
    """Return the colours of all roles as properties of CSS that follow the theme."""
    return "\n".join(f"  --{role}: light-dark({light}, {dark});" for role, (light, dark) in ROLES.items())
