"""Sections of benchmarks/RESULTS.md, each measured by itself, with its own hardware and date.

A benchmark is a module with a function `data_dir -> Section`; `publish` is its command line. What was
measured is kept twice: as a section of RESULTS.md, for people, and in benchmarks/measured/NAME.json, for
pages and plots.
"""

import argparse
import dataclasses
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.hardware import description

HERE = Path(__file__).parent
RESULTS, MEASURED = HERE / "RESULTS.md", HERE / "measured"
_PINNED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_START = "# Benchmarks\n\nWritten by `python -m benchmarks`. Ratios are taken side by side in one run.\n"


@dataclasses.dataclass(frozen=True)
class Section:
    """What a benchmark found: a heading, Markdown below it, and its numbers, which JSON can hold."""

    title: str
    text: str
    numbers: Any = None


def publish(name: str, measure: Callable[[str | None], Section], device_a_core: bool = True) -> None:
    """The command line of one benchmark: measures, prints, and publishes.

    measure: of the folder of photographs, or None. device_a_core: as commands have it on processors.
    """
    if any(variable in os.environ for variable in _PINNED):
        # NumPy is measured with the kernels that OpenBLAS itself chooses for this processor.
        free = {key: value for key, value in os.environ.items() if key not in _PINNED}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], free)
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--data_dir", help="a folder of photographs in COCO JSON that shows horses")
    parser.add_argument("--out", type=Path, help="write NAME.json there instead, as on another machine")
    given = parser.parse_args()
    from partsjax.networks.devices import one_device_a_core

    if device_a_core:
        one_device_a_core()
    found = measure(given.data_dir)
    record = {"name": name, **dataclasses.asdict(found), "on": description()}
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    else:
        put(record)
    print(f"\n{text_of(record)}")


def text_of(record: dict) -> str:
    """A section's Markdown, heading first."""
    command = f"`python -m benchmarks {record['name']}`"
    return f"## {record['title']}\n\n{command} on {record['on']}.\n\n{record['text'].strip()}\n"


def put(record: dict) -> None:
    """Publishes one section; the others stay as they are."""
    MEASURED.mkdir(exist_ok=True)
    path = MEASURED / f"{record['name']}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else _START
    RESULTS.write_text(with_section(page, text_of(record)), encoding="utf-8")


def with_section(page: str, section: str) -> str:
    """A page with a section in place of the one of the same heading; a new one comes last."""
    start, *sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    by_heading = {text.split("\n", 1)[0]: text.strip() for text in [*sections, section]}
    return "\n\n".join([start.strip(), *by_heading.values()]) + "\n"
