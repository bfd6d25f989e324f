"""What all runs have in common, on the smallest question."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.runs import skeleton, workdir
from partsjax.runs.context import Context, Notes
from partsjax.runs.question import Question

MADE = []  # squares that were computed, not taken from the cache


@dataclasses.dataclass(frozen=True)
class Options:
    number: int = 3


@dataclasses.dataclass(frozen=True)
class Square:
    value: int
    outputs = ("square.txt",)
    skipped = ("b is damaged", "a is damaged")

    def save(self, folder):
        with workdir.written_whole(folder / "square.txt") as path:
            path.write_text(str(self.value))

    def manifest(self):
        return {"digits": len(str(self.value))}


def question(options: Options, fails: bool = False) -> Question[Square]:
    def prepare(context):
        if options.number < 0:
            raise InputError("--number: negative")
        return answer

    def answer(context):
        entry = context.cache.entry("square", f"{options.number:064d}")
        context.notes.add("squared")
        with context.clock("squaring"):
            if not entry.exists():
                MADE.append(options.number)
                entry.save({"value": np.int64(options.number**2)})
        if fails:
            raise OSError(28, "No space left on device")
        return Square(int(entry.load("value")[0]))

    return Question(options, __name__, "float32", prepare)


@pytest.fixture(autouse=True)
def made():
    MADE.clear()


def ask(folder, context=None, fails=False, **options):
    return skeleton.run(question(Options(**options), fails), folder, context or Context())


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_a_run_writes_its_outputs_and_a_manifest_that_vouches_for_them(tmp_path):
    heard = []
    assert ask(tmp_path / "W", Context(notes=Notes(heard.append))).value == 9
    found = manifest_of(tmp_path / "W")
    assert (tmp_path / "W" / "square.txt").read_text() == "9"
    assert found["options"] == {"number": 3}
    assert (found["digits"], found["notes"], heard) == (1, ["squared"], ["squared"])
    assert found["skipped"] == ["a is damaged", "b is damaged"]
    assert list(found["stages"]) == ["squaring", "tables"] and list(found["files"]) == ["square.txt"]
    assert found["precision"]["dtype"] == "float32" and found["code_version"]
    assert skeleton.finished(tmp_path / "W", Options())


def test_finished_is_what_stands_with_the_same_options(tmp_path):
    folder = tmp_path / "W"
    assert not skeleton.finished(folder, Options())
    ask(folder)
    assert skeleton.finished(folder, Options())
    assert not skeleton.finished(folder, Options(4))
    assert skeleton.finished(folder, Options(4), but=("number",))
    (folder / "square.txt").write_text("8")
    assert not skeleton.finished(folder, Options())


def test_the_same_again_takes_finished_stages_and_writes_the_same(tmp_path):
    ask(tmp_path / "W")
    (tmp_path / "W" / "square.txt").unlink()
    ask(tmp_path / "W")
    assert MADE == [3] and (tmp_path / "W" / "square.txt").read_text() == "9"


def test_a_run_that_fails_keeps_what_was_finished_and_says_it_in_one_line(tmp_path):
    with pytest.raises(InputError, match=r"the disk is full; .*run the same command again"):
        ask(tmp_path / "W", fails=True)
    assert not (tmp_path / "W" / "manifest.json").exists()
    ask(tmp_path / "W")
    assert MADE == [3]


def test_a_folder_belongs_to_its_options(tmp_path):
    ask(tmp_path / "W")
    with pytest.raises(InputError, match="made with other options"):
        ask(tmp_path / "W", number=4)
    ask(tmp_path / "W")


def test_a_mistaken_name_claims_no_folder(tmp_path):
    with pytest.raises(InputError, match="negative"):
        ask(tmp_path / "W", number=-1)
    ask(tmp_path / "W")


def test_one_run_at_a_time(tmp_path):
    with workdir.locked_folder(tmp_path / "W"), pytest.raises(InputError, match="another run"):
        ask(tmp_path / "W")


def test_no_manifest_stands_while_the_files_change(tmp_path):
    ask(tmp_path / "W")
    shutil.rmtree(tmp_path / "W" / "cache")

    def write(result, folder, context):
        assert not (folder / "manifest.json").exists()
        result.save(folder)

    skeleton.run(dataclasses.replace(question(Options()), write=write), tmp_path / "W", Context())
    assert (tmp_path / "W" / "manifest.json").exists()


def test_a_run_inside_another_has_its_notes_heard_there(tmp_path):
    context = Context()
    ask(tmp_path / "W", context.step("inner"))
    assert list(context.notes) == ["squared"] and not context.clock.seconds
