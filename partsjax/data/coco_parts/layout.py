"""Where a folder's annotations and photographs lie, and how one file without splits gets them."""

import dataclasses
import hashlib
import os
from pathlib import Path

from partsjax.data.schema import SPLITS
from partsjax.errors import InputError

LAYOUT = (
    "give the folder that holds instances_train.json and instances_val.json, or one annotations.json, "
    "next to JPEGImages/"
)
_SINGLE = ("annotations.json", "_annotations.coco.json")
_ROBOFLOW = ("train/_annotations.coco.json", "valid/_annotations.coco.json")
_IMAGE_FOLDERS = ("JPEGImages", "images")
VAL_FRACTION = 0.5


@dataclasses.dataclass(frozen=True)
class FolderLayout:
    """The files of a dataset.

    Attributes:
      root: the folder.
      files: annotation files; by_split: whether they are train's and val's, in the order of `SPLITS`, or
        one of both.
      photographs: the folder that the files' names count from.
      val_fraction: without splits, the share of images that are val.
    """

    root: Path
    files: tuple[Path, ...]
    by_split: bool
    photographs: Path
    val_fraction: float

    def inner_folder(self, file: Path) -> str:
        """Where in `photographs` the names of a file count from, as "train/"; "" for `photographs` itself."""
        inside = file.parent != self.photographs and file.is_relative_to(self.photographs)
        return f"{file.parent.relative_to(self.photographs).as_posix()}/" if inside else ""

    def split(self, file: Path, image_id: str) -> str:
        """Which split an image is in: its file's, else by a hash of its id, the same in any order."""
        if self.by_split:
            return SPLITS[self.files.index(file)]
        number = int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8])
        return "val" if number < self.val_fraction * 2**64 else "train"

    def place(self, split: str) -> str:
        """What messages call the source of a split."""
        return os.fspath(self.files[SPLITS.index(split)] if self.by_split else self.files[0])


def find_layout(data_dir: str | os.PathLike | None, val_fraction: float | None) -> FolderLayout:
    """Looks a folder over; opens no file.

    Raises:
      InputError: no such folder, no annotations or photographs in it, a `val_fraction` that is no
        share, or one for files that have splits.
    """
    if val_fraction is not None and not 0 < val_fraction < 1:
        raise InputError(f"--val_fraction={val_fraction}: give a share between 0 and 1, such as 0.5")
    if data_dir is None:
        raise InputError(f"coco_parts: no data_dir is given; {LAYOUT}")
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; {LAYOUT}")
    files = tuple(root / name for name in _ROBOFLOW)
    if all(file.exists() for file in files):
        if val_fraction is not None:
            raise _split_already(root, val_fraction)
        return FolderLayout(root, files, True, root, VAL_FRACTION)
    files = tuple(root / f"instances_{split}.json" for split in SPLITS)
    single = next((root / name for name in _SINGLE if (root / name).exists()), None)
    by_split = single is None or any(file.exists() for file in files)
    if by_split and val_fraction is not None:
        raise _split_already(root, val_fraction)
    for file in files if by_split else ():
        if not file.exists():
            raise InputError(
                f"{file}: not found; instances_train.json and instances_val.json are both needed, or one "
                "annotations.json"
            )
    photographs = next((root / name for name in _IMAGE_FOLDERS if (root / name).is_dir()), None)
    if photographs is None and not by_split and single.name == _SINGLE[1]:
        photographs = root  # Roboflow's way
    if photographs is None:
        raise InputError(f"{root}: has neither JPEGImages/ nor images/; {LAYOUT}")
    return FolderLayout(
        root, files if by_split else (single,), by_split, photographs, val_fraction or VAL_FRACTION
    )


def _split_already(root: Path, val_fraction: float) -> InputError:
    return InputError(f"--val_fraction={val_fraction}: {root} has a file for each split; leave it out")
