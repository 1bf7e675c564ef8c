"""The command line: commands for people, and under ``stage`` the one behind every rule.

Each command is a function with a docstring; its options and its help are made from them. A
command's module is imported only when it runs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError, Parameter, Token, convert

from zcrepro import provenance
from zcrepro.files.text import read_text


def _converted(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert the words of an option; ``@FILE`` stands for the lines of a file.

    A command is of limited length. The file is read here, after parsing, because the parser compares each
    word of an option with all words before it: 15,000 of them would take a minute.
    """
    return convert(kind, [word for token in tokens for word in _written_out(token)])


def _written_out(token: Token) -> list[Token]:
    if not token.value.startswith("@"):
        return [token]
    return [token.evolve(value=line) for line in read_text(Path(token.value[1:])).splitlines()]


app = App(
    name="zcrepro",
    help="Zero-cost proxies for neural architecture search: scored, evolved, compared.",
    default_parameter=Parameter(consume_multiple=True, converter=_converted),
)
stages = App(name="stage", help="The stages of the workflow, as its rules call them.")

COMMANDS = {
    "proxies": "List the hand-crafted proxies: formula, direction, cost and citation.",
    "spaces": "List the search spaces and what is known of them; prove that their networks are right.",
    "score": "Score one network with any proxies, hand-crafted or evolved.",
    "search": "Search a space for architectures that a proxy likes; nothing is trained.",
    "compare": "Rank a proxy of your own beside all others, on the same architectures.",
    "diff": "Show in which cells the tables of two runs differ.",
    "info": "Show what a result file holds and how it was made.",
    "summary": "Summarise a run, and say where its report is.",
    "promote": "Keep results of a run in the repository: scores, trainings, formulas, searches, tables.",
}

for _name, _help in COMMANDS.items():
    app.command(f"zcrepro.commands.{_name}:{_name}", name=_name, help=_help)
for _name, _module in provenance.STAGES.items():
    stages.command(f"{_module}:{_name}", name=_name)
app.command(stages)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error in the input is one line that says what to do, not a traceback."""
    try:
        app(list(sys.argv[1:] if arguments is None else arguments), exit_on_error=False, print_error=False)
    except (CycloptsError, ValueError, OSError, MemoryError) as error:
        print(f"zcrepro: error: {str(error) or type(error).__name__}", file=sys.stderr)
        sys.exit(1)
