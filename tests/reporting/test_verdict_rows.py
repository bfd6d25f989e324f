"""Verdicts written to `parts.csv` and read again are the same."""

import dataclasses

import pytest

from partsjax.emergence.verdict import Estimate, Verdict
from partsjax.errors import BadInput
from partsjax.reporting.files import write_parts
from partsjax.reporting.verdict_rows import read_parts
from tests.reporting.report import synthetic


def _rounded(verdict: Verdict) -> list:
    """Field by field, figures to six decimals and NaN as text, which equals itself."""

    def plain(value):
        if isinstance(value, Estimate):
            return tuple(map(plain, value))
        return f"{value:.6f}" if isinstance(value, float) else value

    return [plain(getattr(verdict, field.name)) for field in dataclasses.fields(verdict)]


@pytest.mark.parametrize("nulls", [(), ("random", "shuffled")])
def test_what_was_written_is_read(tmp_path, nulls):
    written = synthetic.content(tmp_path, seed=2, nulls=nulls).verdicts
    write_parts(tmp_path / "parts.csv", written)
    read = read_parts(tmp_path / "parts.csv")
    assert [_rounded(v) for v in read] == [_rounded(v) for v in written]
    assert any(v.best_filter is None for v in read) and any(v.combination for v in read)


def test_other_files_are_refused_in_one_line(tmp_path):
    path = tmp_path / "parts.csv"
    with pytest.raises(BadInput, match=r"parts\.csv: not found; run experiments\.emergence"):
        read_parts(path)
    write_parts(path, synthetic.content(tmp_path).verdicts)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2].replace("conv4,horse,torso,", "conv4,horse,torso,many")]))
    with pytest.raises(BadInput, match=r"parts\.csv, line 3: not a row .*many"):
        read_parts(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match=r"line 2: not a row"):
        read_parts(path)
