"""What a person sees: the table of best filters, at any width."""

import pytest

from partsjax.emergence.selection import BestFilter, summarize
from partsjax.reporting.terminal import Terminal

NAN = float("nan")


def row(layer, part, filter_, train, val, num_val=20):
    return BestFilter(layer, "horse", part, 30, num_val, filter_, train, val)


ROWS = {
    layer: [
        row(layer, "head", 7, 0.5, 0.314159),
        row(layer, "eye", 0, 0.0, 0.0),
        row(layer, "hoof", 3, 0.2, 0.1, num_val=9),
        row(layer, "wing", None, NAN, NAN, num_val=12),
    ]
    for layer in ("conv1", "conv2", "conv3", "conv4", "conv5")
}


def shown(capsys, monkeypatch, width) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    summaries = {layer: summarize(rows, [(0.1, 0.1)] * 4) for layer, rows in ROWS.items()}
    Terminal().best_filters([r for rows in ROWS.values() for r in rows], summaries)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_every_layer_is_there(capsys, monkeypatch, width):
    out = shown(capsys, monkeypatch, width)
    table = [line for line in out.splitlines() if "horse:" in line or "conv" in line]
    assert max(map(len, table)) <= width
    for layer in ROWS:
        assert layer in out


def test_figures(capsys, monkeypatch):
    lines = shown(capsys, monkeypatch, 200).splitlines()
    (head,) = [line for line in lines if "horse:head" in line]
    assert "30/20" in head and head.count("7  50.0 → 31.4") == 5
    (eye,) = [line for line in lines if "horse:eye" in line]
    assert eye.count("–   0.0 →  0.0") == 5  # of filters that all find nothing none is best
    (hoof,) = [line for line in lines if "horse:hoof*" in line]  # too rare
    assert "30/9" in hoof
    (wing,) = [line for line in lines if "horse:wing" in line]
    assert "→" not in wing  # nothing was fitted
    (over,) = [line for line in lines if "parts over 30%" in line]
    assert "of 2" in over and over.count("1 → 1") == 5
    (mean,) = [line for line in lines if line.strip().startswith("mean")]
    assert mean.count("25.0 → 15.7") == 5
