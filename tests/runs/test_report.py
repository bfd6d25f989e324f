"""The report that a run leaves: whole, offline, small, and saying what its tables say."""

import numpy as np
import pytest
from PIL import Image

from partsjax.runs.gallery import PICTURE
from tests.reporting.report import browser, pages
from tests.runs.running import number


@pytest.fixture(scope="module")
def report(finished):
    return finished[0] / "report"


@pytest.fixture(scope="module")
def read(report):
    return pages.read(report)


def test_a_page_for_every_part_and_filter(read):
    assert "index.html" in read
    assert sum(name.startswith("parts/") for name in read) == 2
    assert sum(name.startswith("filters/") for name in read) == 6 + 5


def test_every_link_leads_somewhere_in_the_folder_and_every_picture_is_small(report, read):
    pictures = {path for path in pages.linked(report, read) if path.suffix == ".webp"}
    assert pictures == {path.resolve() for path in report.rglob("*.webp")}  # none that no page shows
    assert len(pictures) > 20
    assert max(path.stat().st_size for path in pictures) < 10_000


def test_pictures_are_the_crops(report):
    red = 0
    for path in report.rglob("*.webp"):
        with Image.open(path) as picture:
            assert picture.size == (PICTURE, PICTURE)
            r, g, b = np.moveaxis(np.asarray(picture.convert("RGB").reduce(8)), -1, 0)
        red += ((r > 180) & (g < 110) & (b < 110)).any()
    assert red > 0.8 * len(list(report.rglob("*.webp")))  # every beast has a red head


def test_the_index_shows_the_figures_of_the_tables(read, parts):
    table = read["index.html"].table("all-parts")
    shown = [" ".join(row) for row in table[1:]]
    assert len(shown) == len(parts)
    for row in parts:
        (line,) = [s for s in shown if row["layer"] in s and row["part"] in s]
        for column in ("combination_ap_train", "combination_ap_val", "prior_ap_val", "random_ap_val"):
            assert f"{100 * number(row[column]):.1f}" in line, (column, line)


def test_a_parts_page_shows_true_detections_and_false_alarms(read):
    for name, page in read.items():
        if name.startswith("parts/"):
            assert len(page.all("img")) >= 20
            assert "conv1" in page.text and "conv2" in page.text


@pytest.mark.slow
def test_a_browser_finds_nothing_wrong(report):
    if browser.missing():
        pytest.skip(browser.missing())
    assert browser.check(report, browser.VIEWPORTS[:1]).faults == []
