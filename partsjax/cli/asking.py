"""How every command runs its question, and what it shows at the end."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from partsjax.cli import flags
from partsjax.cli.terminal import Terminal
from partsjax.runs import skeleton
from partsjax.runs.question import Question, R


def ask(
    command: str,
    options: Any,
    question: Callable[[Path], Question[R]],
    tables: Callable[[R, int], Iterable[Any]],
) -> None:
    """Runs a question in its folder; then shows tables, what was left out, what it cost, where files are.

    Args:
      question: of the folder. tables: of the result and the terminal's width, tables or lines of text.
    """
    terminal, folder = Terminal(), flags.workdir(command, options)
    context = flags.surroundings(terminal)
    asked = question(folder)
    start = time.perf_counter()
    found = skeleton.run(asked, folder, context)
    total = time.perf_counter() - start  # stages run beside each other
    for table in tables(found, terminal.width):
        terminal.show(table)
    for problem in sorted(found.skipped):
        terminal.say(f"skipped: {problem}")
    spent = " · ".join(f"{name} {value:.1f} s" for name, value in context.clock.seconds.items())
    terminal.say(f"{spent} · total {total:.1f} s")
    if (folder / "report").is_dir():
        terminal.show(f"report: {folder}/report/index.html")
    terminal.show(f"results: {folder}/{', '.join(found.outputs)}")
