"""PASCAL-Part's two archives, from where their authors put them: VOC2010 and the masks of parts."""

from pathlib import Path

from partsjax.data.unpacking import unpack
from partsjax.downloads import Download, fetch
from partsjax.locks import locked
from partsjax.progress import UnitProgress

VOC_URL = "http://host.robots.ox.ac.uk/pascal/VOC/voc2010/VOCtrainval_03-May-2010.tar"  # 1.35 GB
VOC_MD5 = "da459979d0c395079b5c75ee67908abb"
PARTS_URL = "http://roozbehm.info/pascal-parts/trainval.tar.gz"  # 78 MB
_ELSEWHERE = "give another --data_dir"


def download_pascal_part(
    data_dir: Path, voc_url: str = VOC_URL, parts_url: str = PARTS_URL, progress: UnitProgress | None = None
) -> list[str]:
    """Fetches and unpacks what is not in a folder yet; what is there is left as it is.

    Args:
      data_dir: the folder; made where there is none. Archives that lie in it already are not fetched again.
      voc_url, parts_url: addresses of the archives.
      progress: called as it goes on.

    Returns:
      Notes on what was fetched, one line each.

    Raises:
      InputError: an archive cannot be had, is not what was published, or does not fit on the disk.
    """
    progress, notes = progress or (lambda *_: None), []
    pieces = (
        (
            Download(parts_url, data_dir / "trainval.tar.gz", elsewhere=_ELSEWHERE),
            data_dir / "Annotations_Part",
        ),
        (
            Download(voc_url, data_dir / "VOCtrainval_03-May-2010.tar", md5=VOC_MD5, elsewhere=_ELSEWHERE),
            data_dir / "VOCdevkit" / "VOC2010",
        ),
    )
    if all(folder.is_dir() for _, folder in pieces):
        return notes
    with locked(data_dir, _ELSEWHERE):
        for archive, folder in pieces:
            if folder.is_dir():
                continue
            sha256 = fetch(archive, progress)
            unpack(archive, folder.name, folder, progress)
            if not archive.md5:
                notes.append(f"{archive.path}: no checksum of it is published; its sha256 is {sha256}")
            notes.append(f"{archive.path}: unpacked to {folder}; the archive may be removed")
    return notes
