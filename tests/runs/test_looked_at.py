"""What runs say of their photographs before the network runs: the bad together, the doubled, the odd."""

import functools
import shutil

import pytest
from PIL import ExifTags, Image

from partsjax.cli.terminal import Terminal
from partsjax.data import schema
from partsjax.data.sources import FileImage
from partsjax.errors import InputError
from partsjax.runs import photographs
from partsjax.runs.context import Context, Notes
from partsjax.runs.options import Options
from tests import tiny
from tests.runs.running import asked, asked_of_scores
from tests.runs.training import asked as asked_of_training
from tests.runs.training import options as training_options


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=12)


@pytest.fixture
def folder(small, tmp_path):
    """A copy of the small folder, to be changed."""
    return shutil.copytree(small, tmp_path / "photos")


def images(folder):
    """The images of a folder, each in its split."""
    paths = sorted((folder / "JPEGImages").iterdir(), key=lambda path: path.name)
    return [
        schema.Image(path.stem, path.name.rstrip("0123456789.jpg"), FileImage(path), ()) for path in paths
    ]


def noted(folder, *, allow_duplicates=False):
    """What is said of a folder's images: its notes."""
    context = Context()
    looks = photographs.looked_at(images(folder), context)
    photographs.note_oddities(looks, context.notes, allow_duplicates=allow_duplicates)
    return tuple(context.notes)


def photo(folder, split, number):
    return folder / "JPEGImages" / f"{split}{number:03d}.jpg"


def test_nothing_is_said_of_what_is_in_order(small):
    assert noted(small) == ()


def test_many_have_a_bar(small, capsys, monkeypatch):
    for soon, shown in ((24, False), (23, True)):
        monkeypatch.setattr(photographs, "_SOON", soon)
        photographs.looked_at(images(small), Context(progress=Terminal().progress))
        assert ("looking at the photographs" in capsys.readouterr().err) == shown


def test_equal_bytes_are_refused_or_allowed_aloud(folder):
    for number in range(7):
        shutil.copy(photo(folder, "train", number), photo(folder, "val", number))
    shutil.copy(photo(folder, "train", 8), photo(folder, "train", 9))
    named = ", ".join(f"train train{n:03d} = val val{n:03d}" for n in range(5))
    said = (
        "the same photograph twice, byte for byte: 8 pairs, 7 of them across train and val "
        f"({named} and 3 more); "
    )
    with pytest.raises(InputError) as caught:
        noted(folder)
    assert str(caught.value) == f"{said}keep one of each, or go on with --allow_duplicates"
    assert noted(folder, allow_duplicates=True) == (f"{said}kept (--allow_duplicates)",)


def test_copies_are_noted(folder):
    Image.open(photo(folder, "train", 3)).save(photo(folder, "val", 5), quality=60)
    assert noted(folder) == (
        "near-duplicates, photographs that look the same but differ in bytes: 1 pair, 1 of them across "
        "train and val (train train003 = val val005)",
    )


def test_odd_ones_are_counted(folder):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    for number in range(6):
        path = photo(folder, "train", number)
        Image.open(path).save(path, quality=95, exif=exif)
    assert noted(folder) == (
        "6 of 24 photographs carry an EXIF orientation (train000, train001, train002, train003, train004 "
        "and 1 more): taken as stored, not turned",
    )


def damage(folder):
    for number in range(6):
        photo(folder, "val", number).unlink()
    photo(folder, "train", 0).write_bytes(b"")


def test_bad_ones_are_reported_together(folder):
    damage(folder)
    there = images(folder)
    gone = [
        schema.Image(p.stem, "val", FileImage(p), ()) for p in (photo(folder, "val", n) for n in range(6))
    ]
    with pytest.raises(InputError) as caught:
        photographs.looked_at(there + gone, Context())
    at = folder / "JPEGImages"
    named = ", ".join(f"{at}/val{n:03d}.jpg" for n in range(5))
    assert str(caught.value) == (
        f"7 images cannot be used: {at}/train000.jpg: empty (0 bytes); replace it with an intact copy; "
        f"{named} and 1 more: image not found; put it there or take it out of the annotations (or --skip_bad "
        "to go on without them)"
    )
    looks = photographs.looked_at(there + gone, Context(skip_bad=True))
    assert [look.problem is None for look in looks] == [False] + [True] * 17 + [False] * 6
    assert photographs.digests(looks)["val000"] == "unreadable"
    photographs.note_oddities(looks, Notes(), allow_duplicates=False)


def test_bad_ones_of_many_kinds():
    message = str(photographs.unreadable({f"{n}.jpg": f"{n}.jpg: fault {n}" for n in range(8)}))
    assert message.startswith("8 images cannot be used: 0.jpg: fault 0; 1.jpg: fault 1; ")
    assert "4.jpg: fault 4; 3 more kinds of faults (or --skip_bad" in message


JOBS = {
    "emergence": lambda folder, **o: (
        functools.partial(asked, batch_size=8),
        Options(net="tests.tiny:network", dataset="coco_parts", data_dir=str(folder), nulls=(), **o),
    ),
    "class scores": lambda folder, **o: (
        asked_of_scores,
        Options(net="tests.runs.scored:network", dataset="coco_parts", data_dir=str(folder), **o),
    ),
    "training": lambda folder, **o: (
        asked_of_training,
        training_options(dataset="coco_parts", data_dir=str(folder), limit=None, **o),
    ),
}


@pytest.mark.parametrize("job", JOBS)
def test_every_question_asks(job, folder, tmp_path):
    def started(**options):
        run, question = JOBS[job](folder, **options)
        with pytest.raises(InputError) as caught:
            run(question, tmp_path / "W")
        return str(caught.value)

    shutil.copy(photo(folder, "train", 1), photo(folder, "val", 1))
    assert "train train001 = val val001" in started()
    damage(folder)
    # Class scores are asked of unseen images alone; train's are read by the run of emergence in them.
    assert ("6" if job == "class scores" else "7") + " images cannot be used" in started()
