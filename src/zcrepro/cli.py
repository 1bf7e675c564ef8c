"""The command line: commands for people, and under ``stage`` the one behind every rule.

Each command is a function with a docstring; its options and its help are made from them. A
command's module is imported only when it runs.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

from zcrepro import provenance
from zcrepro.files.text import read_text

app = App(
    name="zcrepro",
    help="Zero-cost proxies for neural architecture search: scored, evolved, compared.",
    default_parameter=Parameter(consume_multiple=True),
)
stages = App(name="stage", help="The stages of the workflow, as its rules call them.")

COMMANDS = {
    "proxies": "List the hand-crafted proxies: formula, direction, cost and citation.",
    "spaces": "List the search spaces and what is known of them; prove that their networks are right.",
    "score": "Score one network with any proxies, hand-crafted or evolved.",
    "search": "Search a space for architectures that a proxy likes; nothing is trained.",
    "info": "Show what a result file holds and how it was made.",
    "summary": "Show the short of a run, and where its report is.",
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
        words = _written_out(sys.argv[1:] if arguments is None else arguments)
        app(list(words), exit_on_error=False, print_error=False)
    except (CycloptsError, ValueError, OSError, MemoryError) as error:
        print(f"zcrepro: error: {error}", file=sys.stderr)
        sys.exit(1)


def _written_out(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments; ``@FILE`` stands for the lines of a file, since a command is of limited length."""
    for argument in arguments:
        if str(argument).startswith("@"):
            yield from read_text(Path(argument[1:])).splitlines()
        else:
            yield argument
