"""Photographs by the file names that annotations give them: their ids, and where they lie."""

import collections
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def image_ids(file_names: Iterable[str]) -> dict[str, str]:
    """File name -> image id: the name without its ending, or all of it where others share the rest.

    `x.jpg` and `x.png` are two images.
    """
    ids = {name: os.fspath(PurePosixPath(name).with_suffix("")) for name in file_names}
    while True:
        count = collections.Counter(ids.values())
        shared = [name for name, image_id in ids.items() if count[image_id] > 1]
        if not shared:
            return ids
        # Whole names differ from one another, but one may be what is left of a third: hence the loop.
        ids.update((name, name) for name in shared)


class PhotographFolder:
    """Where photographs lie, although the disk may spell a name's accents differently from the annotations.

    Unicode spells a letter with its accent as one character (NFC) or as two (NFD), and systems differ.
    """

    def __init__(self, root: Path):
        """`root`: the folder that file names count from. Nothing is opened before it is needed."""
        self._root = root
        self._listings: dict[Path, dict[str, str]] = {}

    def path(self, file_name: str) -> str:
        """The file of that name, as it is spelled on the disk; as it was given where there is none."""
        given = self._root / file_name
        if file_name.isascii() or os.path.exists(given):
            return os.fspath(given)
        found = self._root
        for piece in file_name.split("/"):
            found /= self._listing(found).get(unicodedata.normalize("NFC", piece), piece)
        return os.fspath(found)

    def _listing(self, folder: Path) -> dict[str, str]:
        """The names in a folder, by their composed form."""
        if folder not in self._listings:
            try:
                names = os.listdir(folder)
            except OSError:
                names = []
            self._listings[folder] = {unicodedata.normalize("NFC", name): name for name in names}
        return self._listings[folder]
