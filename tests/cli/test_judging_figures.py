"""summarize and plan, as typed."""

import sys

import pytest

from partsjax.cli import judging, starting
from partsjax.judging import planning
from partsjax.judging.store import DATABASE
from tests.judging import made_up, studies
from tests.judging.answering import fill


@pytest.fixture
def typed(monkeypatch, capsys):
    """Runs a subcommand; its status, what it prints, and what it says on stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["judging", *arguments])
        with pytest.raises(SystemExit) as stop:
            starting.start(judging)
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run


def test_a_study_is_summarized(typed, tmp_path):
    study = studies.study()
    folder = studies.folder(tmp_path / "S", study)
    fill(folder / DATABASE, made_up.said(study, accuracy=0.0))
    status, out, err = typed("summarize", f"--study={folder}")
    assert status == 0 and "semantic part" in out and "Simulated raters" in out and "Traceback" not in err
    assert f"report: {folder}/report/index.html" in out
    for name in (
        "judgments.csv",
        "fractions.csv",
        "names.csv",
        "raters.csv",
        "associations.csv",
        "summary.json",
    ):
        assert (folder / name).is_file()
    assert (folder / "report" / "index.html").is_file()
    status, _, err = typed("summarize", f"--study={folder}", "--min_gold=0.9")
    assert status == 2 and "error: min_gold=0.9: no rater reaches it" in err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "--study: which study"),
        (("--study=nowhere",), "nowhere/study.db: no such file"),
        (("--study=x", "--min_gold=2"), "min_gold"),
    ],
)
def test_what_cannot_be_summarized_is_one_line(typed, tmp_path, monkeypatch, flags, words):
    monkeypatch.chdir(tmp_path)
    status, out, err = typed("summarize", *flags)
    assert status == 2 and not out
    assert words in err and "Traceback" not in err


def test_a_plan_says_what_a_study_costs(typed, monkeypatch):
    def width(aim, items, per_item, raters, seed):
        return 2.4 / items**0.5 if raters > 6 else 0.2

    monkeypatch.setattr(planning, "interval_width", width)
    status, out, _ = typed("plan", "--width=0.1", "--pay=10", "--seconds=30")
    assert status == 0 and "5" in out
    rows = [line.split() for line in out.splitlines() if line.split()[:1] in (["3"], ["5"])]
    assert [row[:2] for row in rows] == [[m, r] for m in "35" for r in ("6", "12", "24")]
    assert rows[0][2] == "–" and 576 <= int(rows[1][2]) <= 612
