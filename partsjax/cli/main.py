"""The program `partsjax`: finds the command that is asked for and starts it."""

import importlib
import os
import sys

COMMANDS = {
    "emergence": "which parts have detectors among a network's filters, and is it more than chance?",
    "supervision": "trains a network under one kind of supervision, to ask later what emerges in it",
    "discriminativeness": "which filters and parts does a class score rest on? those that emerge?",
    "comparison": "how does what emerges depend on training? trains, measures and compares several networks",
    "judging": "do filters fire on semantic parts? a study that people take in a browser",
    "sweep": "many runs of the others, by any number of processes on any number of machines",
}

_HELP = """Which filters of a convolutional network detect semantic object parts, with numbers that hold.

  partsjax emergence --net=alexnet
      A first look: ImageNet weights on images that are drawn on the fly. Works at once; look at
      report/index.html in the folder it names.
  partsjax emergence --help
      All flags of a command, and what it writes.

commands:
{commands}

The same in a notebook: import partsjax as pj; help(pj)
"""


def help_text() -> str:
    width = max(map(len, COMMANDS))
    return _HELP.format(commands="\n".join(f"  {name:{width}}  {what}" for name, what in COMMANDS.items()))


def main() -> None:
    """`partsjax NAME --flag=value ...`"""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help", "help"):
        print(help_text(), end="")
        return
    if name == "--version":
        from partsjax import __version__

        print(f"partsjax {__version__}")
        return
    if name not in COMMANDS:
        from partsjax.errors import nearest, printable

        print(
            f"error: partsjax {printable(name)}: no such command; {nearest(name, COMMANDS)}", file=sys.stderr
        )
        sys.exit(2)
    from partsjax.cli.starting import start

    sys.path.insert(0, os.getcwd())  # as `python -m` does: networks and readers of the user's lie there
    sys.argv = [f"partsjax {name}", *sys.argv[2:]]
    start(importlib.import_module(f"partsjax.cli.{name}"))
