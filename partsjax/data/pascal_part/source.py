"""Where PASCAL-Part's files lie once both archives are unpacked, and what tells one copy from another."""

import dataclasses
import hashlib
import os
import re
from pathlib import Path

from partsjax.data.faults import Faults
from partsjax.data.schema import SPLITS
from partsjax.errors import InputError

_LAYOUT = "unpack VOC2010 to VOCdevkit/VOC2010 and PASCAL-Part's .mat files to Annotations_Part there"


@dataclasses.dataclass(frozen=True)
class PascalSource:
    """One folder of PASCAL-Part.

    Attributes:
      data_dir: holds `VOCdevkit/VOC2010/{JPEGImages,ImageSets/Main}` and `Annotations_Part`.
      image_ids: split -> ids of the listed images that have an annotation, in the list's order.
      unannotated: split -> ids of those that have none.
      fingerprint: 16 hexadecimal digits over the folder's place, the lists, and the name, size and time
        of change of each annotation and photograph; it changes when any of them does.
    """

    data_dir: Path
    image_ids: dict[str, tuple[str, ...]]
    unannotated: dict[str, tuple[str, ...]]
    fingerprint: str

    def annotation(self, image_id: str) -> Path:
        """The `.mat` file of an image."""
        return self.data_dir / "Annotations_Part" / f"{image_id}.mat"

    def photograph(self, image_id: str) -> Path:
        """The JPEG file of an image."""
        return self.data_dir / "VOCdevkit" / "VOC2010" / "JPEGImages" / f"{image_id}.jpg"


def find_source(data_dir: str | os.PathLike) -> PascalSource:
    """Lists a folder of PASCAL-Part; opens nothing but the two image lists.

    Raises:
      InputError: no such folder, a piece of the layout or photographs are missing, malformed or repeated
        image ids, or no annotation at all.
    """
    root = Path(data_dir).expanduser()
    voc = root / "VOCdevkit" / "VOC2010"
    for folder in (root, voc / "JPEGImages", voc / "ImageSets" / "Main", root / "Annotations_Part"):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; {_LAYOUT}")
    annotations = _listing(root / "Annotations_Part")
    photographs = _listing(voc / "JPEGImages")
    image_ids, unannotated, seen = {}, {}, {}
    faults = Faults()
    content = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8)
    for split in SPLITS:
        path = image_list(root, split)
        listed = _image_list(path, faults)
        for image_id in listed:
            if image_id in seen:
                what = f"is listed twice (before in {seen[image_id]})"
                faults.add(path, image_id, what, "keep one line", of="image", can_skip=False)
            seen[image_id] = path.name
        image_ids[split] = tuple(i for i in listed if f"{i}.mat" in annotations)
        unannotated[split] = tuple(i for i in listed if f"{i}.mat" not in annotations)
        for image_id in image_ids[split]:
            photograph = f"{image_id}.jpg"
            if photograph not in photographs:
                what = "of an annotation in Annotations_Part is not there"
                fix = "unpack VOC2010's images as well"
                faults.add(voc / "JPEGImages", photograph, what, fix, of="photograph", can_skip=False)
                continue
            record = (split, image_id, annotations[f"{image_id}.mat"], photographs[photograph])
            content.update(repr(record).encode())
        content.update(repr(unannotated[split]).encode())
    faults.settle()
    if not any(image_ids.values()):
        raise InputError(f"{root / 'Annotations_Part'}: no .mat file of any listed image; {_LAYOUT}")
    return PascalSource(root, image_ids, unannotated, content.hexdigest())


def image_list(data_dir: Path, split: str) -> Path:
    """VOC's list of a split."""
    return data_dir / "VOCdevkit" / "VOC2010" / "ImageSets" / "Main" / f"{split}.txt"


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    """File name -> (size in bytes, time of change in ns)."""
    with os.scandir(folder) as entries:
        stats = ((entry.name, entry.stat()) for entry in entries if entry.is_file())
        return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats}


def _image_list(path: Path, faults: Faults) -> list[str]:
    """The first word of each line, as VOC's image lists are written; a byte-order mark is none of it."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: image list cannot be read; {_LAYOUT}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: image list is not UTF-8 text; save it as UTF-8") from error
    image_ids = [line.split()[0] for line in lines if line.strip()]
    for image_id in image_ids:
        if not re.fullmatch(r"\w[\w.-]*", image_id):
            fix = "one id such as 2008_000008 a line"
            faults.add(path, repr(image_id), "is not an image id", fix, of="line", can_skip=False)
    return image_ids
