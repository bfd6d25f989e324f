"""How layers carry parts, as tables and pages show it; where no readouts were asked for, nothing of it."""

import dataclasses

from partsjax.emergence.readout.verdict import CARRIED, ReadoutVerdict
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.notebook import verdicts_html
from partsjax.reporting.verdict_table import CARRIED_SIGNS, verdict_table
from tests.cli.test_terminal import of_layer


def readout(word: str) -> ReadoutVerdict:
    half = {"not there": None, "in one": 1}.get(word, 8)
    share = {"not there": UNKNOWN, "spread out": Estimate(0.2, 0.1, 0.3)}.get(word, Estimate(0.9, 0.8, 1))
    return ReadoutVerdict(
        0.6, Estimate(0.5, 0.4, 0.6), Estimate(0.3, 0.2, 0.4), share, (1, 8), (0.2, 0.5), half
    )


def test_each_part_has_its_sign_and_each_word_its_count():
    readouts = [*map(readout, CARRIED), ReadoutVerdict(), readout("in one")]
    assert [of.carried for of in readouts] == [*CARRIED, "", "in one"]
    verdicts = [dataclasses.replace(v, readout=r) for v, r in zip(of_layer("conv5"), readouts, strict=True)]
    summary = summarize(verdicts)
    counted = {"in one": 2, "in a few filters": 1, "spread out": 1, "not there": 0}  # the hoof is rare
    assert summary.carried == counted
    assert summary.mean_ap["readout_val"] == 0.5
    shown = verdict_table(verdicts, {"conv5": summary})
    signs = [row.cells[0].carried for row in shown.rows[:6]]
    assert signs == ["1", "+", "~", " ", " ", "1"]
    assert {len(row.cells[0].marks) for row in shown.rows} == {3}
    counts = {row.label: row.cells[0].text for row in shown.rows[6:]}
    assert counts["in one 1"] == "2" and counts["not there 0"] == "0"
    assert all(f"{sign} {word}" in shown.legend for word, sign in CARRIED_SIGNS.items())
    assert '<span class="marks">▲s1</span>' in verdicts_html("", shown, ())


def test_without_readouts_the_table_is_as_it_was():
    verdicts = of_layer("conv5")
    summary = summarize(verdicts)
    shown = verdict_table(verdicts, {"conv5": summary})
    assert summary.carried == {} and "readout_val" not in summary.mean_ap
    assert {len(row.cells[0].marks) for row in shown.rows} == {2} and "readout" not in shown.legend
