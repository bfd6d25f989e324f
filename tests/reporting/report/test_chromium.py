"""The report read in headless Chromium, on desktop and phone."""

import shutil

import pytest

from partsjax.reporting.report import write_emergence_report
from tests.reporting.report import browser, synthetic

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _chromium():
    if browser.missing():
        pytest.skip(browser.missing())


def test_nothing_is_wrong(tmp_path):
    parts = (("horse", "head"), ('sheep\'s "<horn>"', "a/b"), ("horse", "torso"), ("dog", "ear"))
    content = synthetic.content(tmp_path, layers={"conv4 #1": 12, "conv5": 20}, parts=parts)
    write_emergence_report(tmp_path, synthetic.with_descriptions(synthetic.with_readouts(content)))
    assert browser.check(tmp_path).faults == []


FAULTS = {
    "asks for": ("</main>", '<img src="http://127.0.0.1:9/x.png" alt="x" width="1" height="1"></main>'),
    "unloaded": ('src="crops/', 'src="gone/'),
    "wider": ("</main>", '<p style="min-width: 3000px">x</p></main>'),
    "undrawn": ('id="chart-beyond">{', 'id="chart-beyond">'),
    "unsorted": ("</main>", "<script>addEventListener('click', e => e.stopPropagation(), 1)</script></main>"),
    "console": ("</main>", "<script>console.error('x')</script></main>"),
    "not defined": ("</main>", "<script>x()</script></main>"),
    "light: axe image-alt": ("</main>", "<img src='crops/0%20no%270%23.webp'></main>"),
    "light: axe color-contrast": ("</main>", '<p style="color: #999; background: #aaa">pale</p></main>'),
    "dark: axe color-contrast": (
        "</main>",
        "<style>@media (prefers-color-scheme: dark) {#dim {color: #333; background: #444}}</style>"
        '<p id="dim">dim</p></main>',
    ),
}  # fmt: skip


def test_the_checks_see_faults(tmp_path, monkeypatch):
    """All of them at once, put into the index of a sound report, which alone is read."""
    monkeypatch.setattr(browser, "PATIENCE", 1)
    write_emergence_report(tmp_path, synthetic.content(tmp_path, layers={"conv5": 4}))
    index = tmp_path / "index.html"
    text = index.read_text(encoding="utf-8")
    for sound, faulty in FAULTS.values():
        assert sound in text
        text = text.replace(sound, faulty)
    index.write_text(text, encoding="utf-8")
    for kind in ("parts", "filters"):
        shutil.rmtree(tmp_path / kind)
    faults = browser.check(tmp_path, [browser.VIEWPORTS[1]]).faults
    assert {seen for seen in FAULTS if any(seen in fault for fault in faults)} == set(FAULTS), faults
