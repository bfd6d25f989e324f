"""The quickstart runs as it is written, here on a few objects; the site's build runs it whole."""

import ast
import json
from pathlib import Path

import pytest

import partsjax as pj

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quickstart.ipynb"


def cells(kind: str) -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def shown(code: str, names: dict):
    """Runs a cell; the value of its last line, which a notebook shows."""
    *body, last = ast.parse(code).body
    exec(compile(ast.Module(body, []), "quickstart", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "quickstart", "exec"), names)
        return None
    return eval(compile(ast.Expression(last.value), "quickstart", "eval"), names)


@pytest.mark.slow
def test_every_cell_runs(monkeypatch, tmp_path):
    search = pj.Search(search="greedy")
    measure = pj.measure

    def quickly(network, dataset, **asked):
        return measure(network, dataset, **{"search": search, "limit": 8, **asked})

    monkeypatch.setattr(pj, "measure", quickly)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names: dict = {}
    results = [shown(code, names) for code in cells("code")]
    kinds = "Dataset Image Emergence DataFrame DataFrame DataFrame FoundCrops LayerChart Differences list"
    assert [type(result).__name__ for result in results] == [*kinds.split(), "NoneType"]
    assert results[6]._repr_html_().count("<svg") == 6
    assert all(result._repr_html_() for result in results if isinstance(result, pj.Dataset | pj.Emergence))
    assert (names["folder"] / "report" / "index.html").is_file()


def test_it_is_kept_without_outputs_and_small():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    assert NOTEBOOK.stat().st_size < 200_000
    assert max(len(line) for code in cells("code") for line in code.splitlines()) <= 88
