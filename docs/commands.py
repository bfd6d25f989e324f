"""The reference of commands and flags, from what the commands themselves say."""

import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from partsjax.cli.judging import SUBCOMMANDS
from partsjax.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]

_START = """# Commands

From a checkout a command is `python -m experiments.NAME`; once the package is installed, `partsjax NAME`
anywhere. Both take the same flags. This page is made from their `--help`.

A flag that a command does not use is an error, as is a value that names nothing; the message says what there
is. `--config=FILE` reads defaults from a Python file with a dictionary `flags`; the command line goes first.
"""

_COMMANDS = [name for name in COMMANDS if name != "judging"]
_COMMANDS += [f"judging {name}" for name in SUBCOMMANDS]


def commands_page() -> str:
    """Markdown: each command's description and its flags in alphabetical order."""
    with ThreadPoolExecutor(2) as pool:
        return "\n".join([_START, *pool.map(_section, _COMMANDS)])


def _section(command: str) -> str:
    described = ElementTree.fromstring(_asked(command, "--helpxml"))
    rows = [_row(flag) for flag in described.iter("flag") if flag.findtext("key") == "yes"]
    lines = [f"## {command}", "", *map(_paragraph, described.findtext("usage", "").strip().split("\n\n"))]
    return "\n".join([*lines, "| flag | default | meaning |", "|---|---|---|", *sorted(rows), ""])


def _paragraph(text: str) -> str:
    """Prose as it is; from its first indented line on, what is typed or listed, as a block."""
    prose, listed = re.match(r"((?:\S.*\n?)*)((?:.*\n?)*)", text).groups()
    block = f"```text\n{textwrap.dedent(listed)}\n```\n" if listed else ""
    return f"{prose.strip()}\n\n{block}".strip() + "\n"


def _row(flag: ElementTree.Element) -> str:
    name, meaning, default = (flag.findtext(tag) or "" for tag in ("name", "meaning", "default"))
    shown = f"`{default}`" if default not in ("", "None") else ""
    meaning = meaning.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    return f"| `--{name}` | {shown} | {' '.join(meaning.split())} |"


def _asked(command: str, flag: str) -> str:
    """What a command prints; absl's help leaves with status 1."""
    line = [sys.executable, "-m", *f"experiments.{command}".split(), flag]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("<?xml"):
        raise RuntimeError(f"{' '.join(line)}: {done.stderr}")
    return done.stdout
