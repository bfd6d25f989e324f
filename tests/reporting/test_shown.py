"""Names are shown as they are, whatever they look like: markup, emoji codes, pages, wide characters."""

import pytest
from rich.cells import cell_len

from partsjax.cli.terminal import Terminal
from partsjax.discriminativeness.findings import layer_findings
from partsjax.emergence.summary import summarize
from partsjax.errors import printable
from partsjax.reporting.comparison.terminal import tables
from partsjax.reporting.discriminative.table import discriminative_table
from partsjax.runs.context import Context
from tests.cli.test_terminal import show_verdicts, verdict
from tests.discriminativeness.test_findings import findings
from tests.reporting.comparison import synthetic as comparison

NAMES = [
    "[bold]x[/bold]",
    "[/]",
    "[red]",
    ":smile:",
    "back\\",
    "<b>&amp;",
    "{0}",
    "%s",
    "馬の頭",
    "tête",
    "1 2.5 None",
]


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")


@pytest.mark.parametrize("name", NAMES)
def test_in_tables_notes_and_progress(capsys, name):
    terminal = Terminal()
    verdicts = [verdict(name, name, 0.5, 0.4)]
    show_verdicts(verdicts, {name: summarize(verdicts)})
    out = capsys.readouterr().out
    assert f"horse:{name} " in out and f"\n{name}: 1 of 1 parts" in out
    assert any(line.rstrip().endswith(f" {name}") for line in out.splitlines())  # the layer's column
    for classes in ((name,), (name, "cow")):
        found = layer_findings([findings(c, i, parts=(name,) * 4) for i, c in enumerate(classes)])
        terminal.show(discriminative_table(found))
        out = capsys.readouterr().out
        assert f" {name} " in out and f"{classes[-1]}: {name}." in " ".join(out.split())
    with Context(progress=terminal.progress).step(name).progress({name: 1}) as advance:
        advance(name, 1, f"{name}: verdicts")
    assert f"{name}: verdicts" in capsys.readouterr().err
    terminal.note(f"{name} objects")
    terminal.show(f"network: {name}")
    said = capsys.readouterr()
    assert said.err == f"note: {name} objects\n" and said.out == f"network: {name}\n"


def test_in_tables_of_a_comparison(capsys):
    layers = ("[bold]", ":dog:")
    for table in tables(comparison.content(networks=comparison.NETWORKS[:-1], layers=layers), 300):
        Terminal().show(table)
    out = capsys.readouterr().out
    assert all(out.count(layer) == 2 for layer in layers)


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("name", ["馬の頭" * 3, "a name of many words " * 8, "n" * 150])
def test_wide_and_long_names_fit(capsys, monkeypatch, width, name):
    monkeypatch.setenv("COLUMNS", str(width))
    verdicts = [verdict("conv1", name.strip(), 0.5, 0.4)]
    show_verdicts(verdicts, {"conv1": summarize(verdicts)})
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= width and "…" not in out
    assert "50.0 → 40.0" in out


def test_wide_characters_count_as_wide(capsys, monkeypatch):
    layers, name = [f"conv{i}" for i in range(1, 6)], "馬の頭" * 6
    verdicts = [verdict(layer, name, 0.5, 0.4) for layer in layers]
    summaries = {layer: summarize([v]) for layer, v in zip(layers, verdicts, strict=True)}
    for width in range(90, 140, 5):
        monkeypatch.setenv("COLUMNS", str(width))
        show_verdicts(verdicts, summaries)
        assert f"horse:{name} " in capsys.readouterr().out


def test_a_long_note_is_one_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    Terminal().note("word " * 50)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("character", ["\x1b", "\r", "\n", "\x07", "\x9b", "\ud800", "\udce9"])
def test_nothing_steers_the_terminal(capsys, character):
    assert printable(f"a{character}[31mb") == "a\ufffd[31mb"
    Terminal().note(f"a{character}b")
    verdicts = [verdict("conv1", f"a{character}b", 0.5, 0.4)]
    show_verdicts(verdicts, {"conv1": summarize(verdicts)})
    said = capsys.readouterr()
    assert said.err == "note: a\ufffdb\n" and "horse:a\ufffdb" in said.out
