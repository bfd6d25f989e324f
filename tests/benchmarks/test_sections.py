"""A benchmark replaces its own section of the page and no other."""

import importlib
import json

import pytest

from benchmarks import sections
from benchmarks.__main__ import SECTIONS

PAGE = "# Benchmarks\n\nBefore.\n\n## A\n\nold a\n\n### Not a section\n\n## B\n\nold b\n"


def test_one_section_is_replaced():
    new = sections.with_section(PAGE, "## A\n\nnew a\n")
    assert new == "# Benchmarks\n\nBefore.\n\n## A\n\nnew a\n\n## B\n\nold b\n"
    assert sections.with_section(new, "## A\n\nnew a\n") == new


def test_a_new_section_comes_last():
    assert sections.with_section(PAGE, "## C\n\nc\n").endswith("## B\n\nold b\n\n## C\n\nc\n")


def test_what_was_measured_is_kept_for_people_and_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(sections, "MEASURED", tmp_path / "measured")
    record = {"name": "a", "title": "A", "text": "| 1 |\n", "numbers": [1.5], "on": "one core"}
    sections.put(record)
    assert "## A\n\n`python -m benchmarks a` on one core.\n\n| 1 |\n" in (tmp_path / "RESULTS.md").read_text()
    assert json.loads((tmp_path / "measured" / "a.json").read_text()) == record


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_is_a_module(name):
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(module.section) and f"python -m benchmarks.{name}" in module.__doc__
