"""Commands run in this process, as typed, and what they say when they refuse."""

import re
import sys

import pytest
from absl.testing import flagsaver

from partsjax.cli import starting


def typed(experiment, monkeypatch, options: dict) -> int | None:
    """Runs an experiment's module with `--name=value` of each option that is not None; its status."""
    arguments = [f"--{name}={value}" for name, value in options.items() if value is not None]
    monkeypatch.setattr(sys, "argv", [experiment.__name__.split(".")[-1], *arguments])
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as stop:
        starting.start(experiment)
    return stop.value.code


def one_line(result, *words) -> None:
    """Of (status, lines on stderr): one line, status 2, and the words, which are patterns, in it."""
    status, lines = result
    # Progress bars and notes, where it got that far.
    lines = [line for line in lines if " left: " not in line and not line.startswith("note: ")]
    assert status == 2
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    for word in words:
        assert re.search(word, lines[0]), lines[0]
