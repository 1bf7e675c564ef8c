"""Write formulas in LaTeX as text for a terminal."""
# ruff: noqa: RUF001 (the Greek letters are meant)

import re

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.")

SYMBOLS = {
    "sum": "Σ", "partial": "∂", "nabla": "∇", "odot": "⊙", "cdot": "·", "in": "∈", "notin": "∉", "le": "≤",
    "ge": "≥", "top": "⊤", "langle": "⟨", "rangle": "⟩", "lambda": "λ", "Theta": "Θ", "rho": "ρ",
    "sigma": "σ", "gamma": "γ", "pi": "π", "Pi": "Π", "epsilon": "ε", "log": "log", "det": "det",
    "min": "min", "max": "max", "|": "‖", "{": "{", "}": "}", ",": " ", "quad": " ", "left": "", "right": "",
}  # fmt: skip
"""The text of each LaTeX command. A command that is not listed is written as its name."""

GLUED = {"partial", "nabla", "langle", "left", "right"}
"""Commands after which spaces are dropped."""

TILDE = "\N{COMBINING TILDE}"
SINGLE = re.compile(r"\w+|[^\w\s]")  # one symbol, number or name
ONE_TERM = re.compile(r"[^-+/ ]+")
ONE_FACTOR = re.compile(r"√\(.*\)|[^\W\d]|\d+")


def plain_text(latex: str) -> str:
    """Return a formula as text, with brackets for what LaTeX groups by position, such as ``(a + b)/n``."""
    return " ".join(_Reader(latex).until("").split())


class _Reader:
    """Converts tokens from left to right."""

    def __init__(self, latex: str) -> None:
        self._tokens = [match[0] for match in TOKEN.finditer(latex)][::-1]

    def until(self, end: str) -> str:
        """Return the text up to the token ``end``, or to the end of the formula."""
        parts = []
        while self._tokens and self._tokens[-1] != end:
            parts.append(self._part())
        if self._tokens:
            self._tokens.pop()
        return "".join(parts)

    def _part(self) -> str:
        token = self._tokens.pop()
        if token in ("_", "^"):
            return token + _grouped(self._argument(), SINGLE)
        if token == "{":
            return self.until("}")
        return self._command(token[1:]) if token.startswith("\\") else token

    def _command(self, name: str) -> str:
        if name == "frac":
            above, below = self._argument(), self._argument()
            return f"{_grouped(above, ONE_TERM)}/{_grouped(below, ONE_FACTOR)}"
        if name == "sqrt":
            return f"√({self._argument()})"
        if name == "overline":
            return f"mean({self._argument()})"
        if name == "tilde":
            return self._argument() + TILDE
        if name in ("mathrm", "text"):
            return self._argument()
        if name in GLUED:
            self._skip_space()
        return SYMBOLS.get(name, name)

    def _argument(self) -> str:
        self._skip_space()
        return self._part().strip() if self._tokens else ""

    def _skip_space(self) -> None:
        while self._tokens and self._tokens[-1].isspace():
            self._tokens.pop()


def _grouped(text: str, alone: re.Pattern[str]) -> str:
    """Return ``text`` in brackets, unless it matches ``alone``."""
    return text if alone.fullmatch(text) else f"({text})"
