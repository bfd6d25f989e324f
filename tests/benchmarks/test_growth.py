"""Exponents are found again, the table shows every axis, and what is measured has the sizes that it says."""

import numpy as np
import pytest

from benchmarks import grown, growth


def test_an_exponent_is_found_again():
    sizes = np.array([1, 2, 4, 8])
    found = growth.fitted(sizes, 3 * sizes**1.5)
    assert (found.factor, found.exponent) == pytest.approx((3, 1.5)) and found.error < 1e-9
    noisy = growth.fitted(sizes, 3 * sizes**1.5 * np.exp([0.1, -0.1, -0.1, 0.1]))
    # By hand: residuals' sum of squares .04 over 2 degrees of freedom, squares of log size 5 log(2)^2.
    assert noisy.exponent == pytest.approx(1.5) and noisy.error == pytest.approx(
        np.sqrt(0.04 / 2 / (5 * np.log(2) ** 2))
    )


@pytest.mark.slow
def test_the_table_and_the_plot_have_every_axis(tmp_path):
    cost = {"seconds": 2.0, "bytes": 2**30, "peak_bytes": 2**31}
    found = {
        axis: [{name: value * size for name, value in cost.items()} for size in sizes]
        for axis, sizes in growth.SIZES.items()
    }
    rows = growth.table(found).splitlines()[4:]
    assert [row.split(" | ")[0][2:] for row in rows] == list(growth.SIZES)
    assert all(row.count("1.00 ± 0.00") == 2 for row in rows)
    growth.draw(found, tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text(encoding="utf-8")
    assert len(drawn) < 100_000 and all(axis in drawn for axis in growth.SIZES)


@pytest.mark.parametrize("axis, size", [("parts", 3), ("classes", 2), ("filters", 12)])
def test_a_case_has_its_size(axis, size, monkeypatch):
    monkeypatch.setattr(grown, "OBJECTS", 4)
    network, dataset, _ = grown.case(axis, size, None)
    counts = {
        "parts": len(dataset.parts["thing0"]),
        "classes": len(dataset.parts),
        "filters": network.params.shape[-1],
    }
    assert counts[axis] == size
    splits = [(image.split, one.object_class) for image in dataset.images for one in image.objects]
    assert len(splits) == 4 * len(dataset.parts)
    assert {splits.count(one) for one in splits} == {2}
