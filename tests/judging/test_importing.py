"""Answers come out, and in again elsewhere, all of them and none twice."""

import json

import pandas as pd
import pytest

from partsjax.errors import InputError
from partsjax.judging import label_studio
from partsjax.judging.exported import as_csv, as_json, exported
from partsjax.judging.importing import Imported, answers_in, import_answers
from partsjax.judging.items import Answer
from partsjax.judging.store import DATABASE, Store
from tests.judging import studies
from tests.judging.given import answered

MADE = studies.study(filters=24, gold=1)


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A study that people have answered, three batches each, gold in all of them; not to be written to."""
    folder = studies.folder(tmp_path_factory.mktemp("there") / "S", MADE)
    with Store(answered(folder, 4, batches=3) / DATABASE) as store:
        yield store


@pytest.fixture
def here(tmp_path):
    """The same study, unanswered."""
    with Store(studies.folder(tmp_path / "here", MADE) / DATABASE) as store:
        yield store


def files(store, folder):
    frame = exported(store)
    (folder / "a.csv").write_text(as_csv(frame), encoding="utf-8")
    (folder / "a.json").write_text(as_json(frame), encoding="utf-8")
    return [folder / "a.csv", folder / "a.json"]


def bring(store, path):
    return import_answers(store, answers_in(path, store.study().digest))


def content(store) -> pd.DataFrame:
    """All that is said, by whom: raters by where they come from."""
    frame = store.answers().drop(columns=["rater", "participant"])
    order = store.answers()["rater"].rank(method="dense")
    return frame.assign(order=order).reset_index(drop=True)


@pytest.mark.parametrize("which", [0, 1])
def test_answers_come_in_whole_once_and_out_again(there, here, tmp_path, which):
    path = files(there, tmp_path)[which]
    total = len(there.answers())
    assert (there.answers().query("purpose == 'gold'").groupby("rater").size() == 3).any()
    assert bring(here, path) == Imported(total, 0, 4)
    pd.testing.assert_frame_equal(content(here), content(there))
    assert bring(here, path) == Imported(0, total, 4)
    assert set(here.answers()["participant"]) >= {"p1", "p3"}
    # And back: they are known there.
    back = files(here, tmp_path)[which]
    assert bring(here, back) == Imported(0, total, 4)


def test_own_answers_are_known(there, tmp_path):
    for path in files(there, tmp_path):
        assert bring(there, path).new == 0


def test_two_copies_with_raters_of_equal_numbers_are_joined(there, tmp_path):
    other = answered(studies.folder(tmp_path / "other", MADE), 3)
    with Store(other / DATABASE) as store:
        before = len(store.answers())
        found = bring(store, files(there, tmp_path)[0])
        invited = store.raters().query("platform == 'copy'")
        assert len(invited) == 2 and len(store.raters()) == 3 + 3  # p1 is one person
        assert len(store.answers()) <= before + found.new


def test_a_later_answer_counts_and_an_earlier_one_does_not(there, here, tmp_path):
    path = files(there, tmp_path)[1]
    bring(here, path)
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row, year in zip(rows["answers"], ("1999", "2999"), strict=False):
        row |= {"consistent": False, "kind": "none", "name": "", "sure": 1}
        row["answered_at"] = year + row["answered_at"][4:]
    path.write_text(json.dumps(rows), encoding="utf-8")
    before = here.answers()
    assert bring(here, path).new == 1
    after = here.answers()
    assert after.loc[1, ["kind", "sure"]].tolist() == ["none", 1]
    assert after.loc[0].equals(before.loc[0])


def test_what_raters_typed_is_no_formula(there):
    for line in as_csv(exported(there)).splitlines():
        for cell in line.split(","):
            assert not cell.strip('"').startswith(("=", "@"))


def test_simulated_raters_are_marked_and_kept_apart(there, here, tmp_path):
    simulated = answered(studies.folder(tmp_path / "simulated", MADE), 2, kind="simulated")
    with Store(simulated / DATABASE) as store:
        paths, frame = files(store, tmp_path), exported(store)
        tasks = label_studio.tasks(store.study(), frame, "")
        assert frame["simulated"].all() and all(task["data"]["simulated"] for task in tasks)
        assert json.loads(paths[1].read_text(encoding="utf-8"))["simulated"]
        for path in files(there, tmp_path):
            with pytest.raises(InputError, match="simulated raters, and people are never mixed"):
                bring(store, path)
    bring(here, files(there, tmp_path)[0])
    total = len(here.answers())
    (tmp_path / "s.csv").write_text(as_csv(frame), encoding="utf-8")
    with pytest.raises(InputError, match="people, and simulated raters are never mixed"):
        bring(here, tmp_path / "s.csv")
    assert len(here.answers()) == total


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("study", "0" * 16, "answer 3 is of another study"),
        ("item", "f" * 16, "1 items are not of this study, 'ffffffffffffffff' first"),
        ("kind", "horse", "answer 3: .*choose from: part"),
        ("sure", 7, "answer 3: .*sure is 7"),
        ("consistent", "maybe", "answer 3: 'maybe' is neither"),
        ("answered_at", "yesterday", "answer 3: 'yesterday' is no time"),
        ("answered_at", "2026-01-01T00:00:00", "answer 3: .* is no time in ISO 8601 with its zone"),
    ],
)
def test_what_does_not_belong_is_one_line_and_nothing_comes_in(
    there, here, tmp_path, which, column, value, what
):
    frame = exported(there).head(5).astype({column: object})
    frame.loc[2, "consistent"] = True
    frame.loc[2, "kind"] = "texture"
    frame.loc[2, column] = value
    path = tmp_path / "answers"
    path.write_text((as_csv, as_json)[which](frame), encoding="utf-8")
    with pytest.raises(InputError, match=what) as error:
        bring(here, path)
    assert "\n" not in str(error.value)
    assert not len(here.answers()) and not len(here.raters())


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"data": {}}]', "a,b\n1,2\n", "{", "\x00\x01", "é\n"])
def test_files_of_another_kind_are_one_line(here, tmp_path, text):
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="neither what export writes nor what Label Studio exports"):
        bring(here, path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="neither"):
        bring(here, path)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        bring(here, tmp_path / "none.csv")


def from_label_studio(tasks, said, **others):
    """Tasks as Label Studio exports them, once a user has answered the first ones."""
    for number, (task, values) in enumerate(zip(tasks, said, strict=False)):
        task["id"] = number + 7
        task["annotations"].append(
            {
                "result": [
                    {
                        "id": f"x{number}{name}",
                        "from_name": name,
                        "to_name": "pictures",
                        "type": "textarea" if name == "name" else "choices",
                        "value": {"text": [value]} if name == "name" else {"choices": [value]},
                    }
                    for name, value in values.items()
                ],
                "was_cancelled": False,
                "completed_by": 3,
                "lead_time": 4.288,
                "created_at": "2026-03-09T22:16:08.728353Z",
                **others,
            }
        )
    return tasks


def test_answers_given_in_label_studio_come_in_and_those_given_here_do_not_come_twice(there, tmp_path):
    folder = answered(studies.folder(tmp_path / "S", MADE), 2)
    with Store(folder / DATABASE) as store:
        before = store.answers()
        tasks = label_studio.tasks(store.study(), exported(store), "/data/local-files/?d=images/")
        assert len(tasks) == sum(item.purpose != "practice" for item in store.study().items)
        given = sum(len(task["annotations"]) for task in tasks)
        assert given == (before["purpose"] != "practice").sum()
        said = [
            {"consistent": "yes", "kind": "part", "name": " left  ear ", "sure": "3"},
            {"consistent": "one concept", "kind": "texture or pattern", "sure": "rather sure"},
            {"consistent": "no", "sure": "1", "name": "left over"},
        ]
        tasks = from_label_studio(tasks, said)
        tasks[3]["annotations"].append({"result": [], "was_cancelled": True, "completed_by": 3})
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        assert bring(store, path) == Imported(3, 0, 1) and bring(store, path) == Imported(0, 3, 1)
        added = store.answers().query("participant == '3'")
        answers = [
            Answer(row.consistent, row.kind if row.consistent else None, row.name_, row.sure)
            for row in added.rename(columns={"name": "name_"}).itertuples()
        ]
        assert answers == [
            Answer(True, "part", "left ear", 3),
            Answer(True, "texture", "", 2),
            Answer(False, None, "", 1),
        ]
        assert added["item"].tolist() == [task["data"]["item"] for task in tasks[:3]]
        assert set(added["seconds"]) == {4.288}
        tasks[0]["annotations"][-1]["result"] = tasks[0]["annotations"][-1]["result"][:1]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        with pytest.raises(InputError, match="task 7: answer: kind is None"):
            bring(store, path)
        tasks[0]["data"]["study"] = "another"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        with pytest.raises(InputError, match="a task is of another study"):
            bring(store, path)


def test_a_task_says_nothing_of_its_filter(there):
    tasks = label_studio.tasks(there.study(), exported(there), 'x"/')
    shown = json.dumps([task["data"] for task in tasks])
    assert "conv5" not in shown and "horse" not in shown and "gold" not in shown
    names = [one.highlighted for item in there.study().items for one in item.pictures]
    assert sum(name in shown for name in names) == 10 * len(tasks)
    assert "src='x\"/" in tasks[0]["data"]["pictures"]
