"""Export and import as they are typed."""

import json
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from partsjax.cli import judging, starting
from partsjax.judging.items import KINDS
from tests.judging import studies
from tests.judging.given import answered


@pytest.fixture
def typed(monkeypatch, capsys):
    """Runs a subcommand; (status, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["partsjax judging", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            starting.start(judging)
        return stop.value.code or 0, *capsys.readouterr()

    return run


def test_answers_go_from_one_copy_to_another(typed, tmp_path):
    one, other = (studies.folder(tmp_path / name) for name in ("one", "other"))
    answered(one, 2)
    status, out, err = typed("export", f"--study={one}")
    assert (status, err) == (0, "") and f"answers of 2 raters: {one / 'answers.csv'}" in out
    status, out, _ = typed("import", f"--study={other}", f"--answers={one / 'answers.csv'}")
    assert status == 0 and "of 2 raters brought in; 0 were there already" in out
    status, _, _ = typed("export", f"--study={other}", "--format=json", f"--output={tmp_path / 'o.json'}")
    assert status == 0
    assert len(json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))["answers"]) > 10


def test_label_studio_gets_tasks_and_an_interface(typed, tmp_path):
    folder = studies.folder(tmp_path / "S")
    status, out, _ = typed("export", f"--study={folder}", "--format=label_studio", "--images_url=http://x/")
    assert status == 0 and "label_studio.xml" in out
    tasks = json.loads((folder / "label_studio.json").read_text(encoding="utf-8"))
    assert "http://x/" in tasks[0]["data"]["pictures"]
    interface = ElementTree.parse(folder / "label_studio.xml")
    kinds = interface.find("Choices[@name='kind']")
    assert [choice.get("alias") for choice in kinds] == list(KINDS)
    assert {control.get("toName") for control in interface.iter() if control.get("toName")} == {"pictures"}


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["export"], "--study: which study"),
        (["export", "--study=nowhere"], "nowhere/study.db: no such file"),
        (["export", "--study=nowhere", "--images_url=x"], "--images_url: has no effect without"),
        (["export", "--study=nowhere", "--format=xml"], "--format"),
        (["import", "--study=nowhere"], "--answers: is needed"),
        (["import", "--answers=a.csv"], "--study: is needed"),
    ],
)
def test_what_is_wrong_is_one_line(typed, arguments, what):
    status, out, err = typed(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and what in err and err.count("\n") == 1
