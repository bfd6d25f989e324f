"""The prepared copy: made once, whole or not at all, never mixed up with another's, without TensorFlow."""

import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from partsjax.data import pascal_part
from partsjax.data.pascal_part.builder import prepare_copy
from partsjax.data.pascal_part.source import find_source
from partsjax.errors import InputError
from tests.data.pascal_folder import dog, rectangle, save_annotation, simple, write

READ = """
import sys
from partsjax.data import pascal_part
data = pascal_part.read_pascal_part(sys.argv[1], prepared_dir=sys.argv[2])
assert [image.source.read().shape for image in data.images] == [(60, 80, 3)] * 2
assert "tensorflow" not in sys.modules
"""

DIE_HALF_WAY = """
import os, signal, sys
from partsjax.data import pascal_part
def progress(done, total, what, unit):
    if what.endswith(sys.argv[3]) and done == 1:
        os.kill(os.getpid(), signal.SIGKILL)
pascal_part.read_pascal_part(sys.argv[1], prepared_dir=sys.argv[2], progress=progress)
"""


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )


def leftovers(folder):
    return [path for path in folder.rglob("*") if "incomplete" in path.name]


@pytest.mark.slow
def test_runs_that_start_together_prepare_once_quietly_and_without_tensorflow(tmp_path):
    folder = simple(tmp_path / "source")
    runs = [start(READ, folder, tmp_path / "prepared") for _ in range(2)]
    for run in runs:
        out, err = run.communicate()
        assert (run.returncode, out, err) == (0, "", "")
    assert len(list((tmp_path / "prepared").iterdir())) == 1
    assert leftovers(tmp_path / "prepared") == []


@pytest.mark.parametrize("during", ["annotations", "photographs"])
def test_a_preparation_killed_half_way_is_made_again(tmp_path, during):
    folder = simple(tmp_path / "source")
    run = start(DIE_HALF_WAY, folder, tmp_path / "prepared", during)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert leftovers(tmp_path / "prepared")
    data = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    assert [i.source.read().shape for i in data.images] == [(60, 80, 3)] * 2
    assert leftovers(tmp_path / "prepared") == []


def test_progress_is_reported_and_nothing_is_printed(tmp_path, capfd):
    steps = []
    folder = simple(tmp_path / "source")
    pascal_part.read_pascal_part(
        folder, prepared_dir=tmp_path / "prepared", progress=lambda *step: steps.append(step)
    )
    assert steps == [
        (done, 2, f"preparing PASCAL-Part's {what}", "images")
        for what in ("annotations", "photographs")
        for done in (1, 2)
    ]
    assert capfd.readouterr() == ("", "")


def test_a_prepared_copy_is_not_prepared_again(tmp_path):
    folder = simple(tmp_path / "source")
    first = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    again = pascal_part.read_pascal_part(
        folder, prepared_dir=tmp_path / "prepared", progress=lambda *_: pytest.fail("again")
    )
    assert again == first


def test_two_sources_that_look_alike_keep_apart(tmp_path):
    one, other = simple(tmp_path / "one"), simple(tmp_path / "other", seed=1)
    for path in (path for folder in (one, other) for path in folder.rglob("*.*")):
        if path.suffix == ".jpg":
            path.write_bytes(path.read_bytes().ljust(20_000, b"\0"))
        os.utime(path, (1e9, 1e9))
    pixels = [
        pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared").images[0].source.read()
        for folder in (one, other)
    ]
    assert not np.array_equal(*pixels)


def test_a_changed_source_is_prepared_anew(tmp_path):
    folder = simple(tmp_path / "source")
    pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    path = folder / "Annotations_Part" / "2008_000001.mat"
    save_annotation(path, dog(head=rectangle(5, 5, 21, 21)))
    (found,) = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared").images[0].objects
    assert [p.box for p in found.parts] == [(5, 5, 21, 21)]


@pytest.mark.parametrize("changed", ["2008_000001.mat", "2008_000001.jpg", "train.txt"])
def test_the_fingerprint_tells_any_change(tmp_path, changed):
    folder = simple(tmp_path / "source")
    before = find_source(folder).fingerprint
    assert find_source(folder).fingerprint == before
    (path,) = (p for p in folder.rglob("*") if p.name == changed)
    if changed == "train.txt":
        path.write_text("2008_000001\n2008_000009\n")
    else:
        stat = path.stat()
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert find_source(folder).fingerprint != before


def test_a_prepared_copy_alone_suffices(tmp_path):
    folder = simple(tmp_path / "source")
    whole = pascal_part.read_pascal_part(folder, prepared_dir=tmp_path / "prepared")
    folder.rename(tmp_path / "gone")
    alone = pascal_part.read_pascal_part(None, prepared_dir=tmp_path / "prepared")
    assert alone.parts == whole.parts
    for here, there in zip(whole.images, alone.images, strict=True):
        assert here.objects == there.objects
        assert np.array_equal(here.source.read(), there.source.read())


def test_without_a_source_there_must_be_one_copy(tmp_path):
    for number in range(2):
        with pytest.raises(InputError, match="needs data_dir, or a prepared_dir with one prepared copy"):
            pascal_part.read_pascal_part(None, prepared_dir=tmp_path / "prepared" if number else None)
    for name in ("one", "other"):
        pascal_part.read_pascal_part(simple(tmp_path / name), prepared_dir=tmp_path / "prepared")
    with pytest.raises(InputError, match="holds 2 prepared copies"):
        pascal_part.read_pascal_part(None, prepared_dir=tmp_path / "prepared")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "prepared").write_text("a file")
    with pytest.raises(InputError, match="cannot write there"):
        pascal_part.read_pascal_part(simple(tmp_path / "source"), prepared_dir=tmp_path / "prepared")


def test_photographs_survive_pickling_and_threads(tmp_path):
    images = {f"im{i:02d}": [dog(head=rectangle(5, 5, 9, 9))] for i in range(12)}
    data = pascal_part.read_pascal_part(
        write(tmp_path / "source", images), prepared_dir=tmp_path / "prepared"
    )
    assert [image.image_id for image in data.images] == list(images)
    one_by_one = [image.source.digest() for image in data.images]
    assert len(set(one_by_one)) == len(images)
    sources = [pickle.loads(pickle.dumps(image.source)) for image in data.images]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda source: source.digest(), sources * 5)) == one_by_one * 5


def test_a_prepared_copy_that_lost_its_photographs_is_reported(tmp_path):
    data = pascal_part.read_pascal_part(simple(tmp_path / "source"), prepared_dir=tmp_path / "prepared")
    for path in (tmp_path / "prepared").rglob("*photographs-train.array_record*"):
        path.unlink()
    with pytest.raises(InputError, match="delete the folder and run again"):
        data.images[0].source.read()


@pytest.mark.parametrize("kind", ["annotations", "photographs"])
def test_a_damaged_prepared_copy_is_reported_and_its_folder_named(tmp_path, kind):
    copy = prepare_copy(find_source(simple(tmp_path / "source")), tmp_path / "prepared")
    for path in copy.rglob(f"*{kind}-train.array_record*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=rf"^{copy}: .*delete the folder and run again"):
        pascal_part.read_pascal_part(None, prepared_dir=tmp_path / "prepared").images[0].source.read()
