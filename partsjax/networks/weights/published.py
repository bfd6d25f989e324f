"""Weights that their authors publish on the web: fetched by name, and kept in the user's cache."""

import dataclasses

from partsjax.cache_folder import cache_folder
from partsjax.downloads import Download, fetch
from partsjax.errors import InputError
from partsjax.locks import locked
from partsjax.networks.architectures import Architecture
from partsjax.networks.weights.kinds import read_file
from partsjax.networks.weights.tensors import WeightFile
from partsjax.progress import bars, when_needed

PUBLISHED = {
    "torchvision": {
        "alexnet": ("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth", "7be5be79"),
        "vgg16": ("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af"),
        "vgg19": ("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "dcbb9e9d"),
    },
    "places365": {
        "alexnet": ("http://places2.csail.mit.edu/models_places365/alexnet_places365.pth.tar", ""),
    },
}
"""Name of weights -> network -> address, and how its SHA-256 begins as far as that is published.

Eight digits find damage, not malice; reading the file runs no code of it."""

_ELSEWHERE = "set PARTSJAX_CACHE to another folder"


def require_published(weights: str, network: str, others: str) -> None:
    """Raises `InputError` where weights of that name are not published for the network; others: to give."""
    files = PUBLISHED[weights]
    if network not in files:
        raise InputError(
            f"--weights={weights}: not published for {network}, only for {', '.join(files)}; give {others}"
        )


def published_weights(weights: str, architecture: Architecture) -> tuple[WeightFile, tuple[str, ...]]:
    """The file of that name for the network, fetched where it is not in the cache yet, and notes on it.

    A bar on stderr shows how far the download is.

    Args:
      weights: a name of `PUBLISHED`.

    Raises:
      InputError: there are none for this network; or the file cannot be had, is not the one that was
        published, or cannot be read. The line says where to put it by hand.
    """
    require_published(weights, architecture.name, "a file, --weights=PATH, or --weights=random")
    url, sha256 = PUBLISHED[weights][architecture.name]
    file = Download(
        url, cache_folder("weights") / url.rpartition("/")[2], sha256=sha256, elsewhere=_ELSEWHERE
    )
    found = _fetched(file)
    try:
        read = read_file(file.path)
    except InputError as error:
        raise InputError(f"{error}; remove {file.path} and run again") from None
    notes = () if sha256 else (f"{file.path}: no checksum of it is published; its sha256 is {found}",)
    # The authors' own input is torchvision's, so nothing is assumed and there is nothing to say.
    return dataclasses.replace(read, says=""), notes


def _fetched(file: Download) -> str:
    """SHA-256 of a file, which is fetched unless it is there; by one process, while others wait."""
    with when_needed(bars()) as progress:
        if file.path.exists():  # also in a folder that cannot be written
            return fetch(file, lambda *_: None)
        with locked(file.path.parent, _ELSEWHERE):
            return fetch(file, progress)
