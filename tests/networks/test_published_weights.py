"""Weights by name, from a server on loopback: whole, cut off, refused, put there by hand."""

import hashlib
import os
import resource
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from partsjax import downloads
from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.imagenet_classes import imagenet_synsets
from partsjax.networks.weights.normalisation import NAMED_WEIGHTS
from partsjax.networks.weights.published import PUBLISHED, published_weights
from tests import processes
from tests.loopback import serving
from tests.networks.conftest import narrow
from tests.networks.pickling import torch_file

TABLE = narrow("alexnet", hidden=128)  # its file takes several blocks
TORCHVISION, PLACES = "alexnet-owt.pth", "alexnet_places365.pth.tar"


def state_dict(seed: int, *, classes: int = 10, within: str = "features.") -> dict[str, np.ndarray]:
    """Tensors of a narrow AlexNet under torchvision's names, as torch lays them out."""
    rng = np.random.default_rng(seed)
    shapes, channels = {}, 3
    for place, layer in zip((0, 3, 6, 8, 10), TABLE.convolutions, strict=True):
        shapes[f"{within}{place}"] = (layer.features, channels, layer.kernel, layer.kernel)
        channels = layer.features
    shapes |= {
        "classifier.1": (128, channels * 36),
        "classifier.4": (128, 128),
        "classifier.6": (classes, 128),
    }
    return {
        f"{name}.{kind}": rng.normal(0, 0.3, sides).astype(np.float32)
        for name, shape in shapes.items()
        for kind, sides in (("weight", shape), ("bias", shape[:1]))
    }


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves both files of AlexNet; the cache is `tmp_path / "cache"`."""
    monkeypatch.setitem(ARCHITECTURES, "alexnet", TABLE)
    monkeypatch.setattr(downloads, "_PAUSE", 0)
    monkeypatch.setenv("PARTSJAX_CACHE", str(tmp_path / "cache"))
    places = {"epoch": 90, "arch": "alexnet", "state_dict": state_dict(1, within="features.module.")}
    with serving() as server:
        server.files = {
            TORCHVISION: torch_file(state_dict(0, classes=1000)),
            PLACES: torch_file(places, zipped=False),
        }
        digest = hashlib.sha256(server.files[TORCHVISION]).hexdigest()[:8]
        addresses = (("torchvision", TORCHVISION, digest), ("places365", PLACES, ""))
        for name, file, begins in addresses:
            monkeypatch.setitem(PUBLISHED, name, {"alexnet": (server.url(file), begins)})
        yield server


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "cache" / "weights"


def test_whole_once_and_from_the_cache_from_then_on(server, kept, capfd):
    network = load_network("alexnet", "torchvision")
    assert network.after is not None and network.notes == ()
    assert server.asked == [(TORCHVISION, None)] and f"downloading {TORCHVISION}" in capfd.readouterr().err
    server.files = {}
    assert load_network("alexnet", "torchvision").digest == network.digest
    assert len(server.asked) == 1 and capfd.readouterr().err == ""
    assert {path.name for path in kept.iterdir()} == {TORCHVISION, "lock"}
    assert load_network("alexnet", str(kept / TORCHVISION)).digest == network.digest


def test_class_scores_of_torchvision_are_those_of_imagenet_s_synsets(server):
    network = load_network("alexnet", "torchvision")
    assert network.classes == imagenet_synsets() and load_network("alexnet", "places365").classes == ()
    activation = np.ones((1, 13, 13, TABLE.convolutions[-1].features), np.float32)
    assert network.after(network.params, "conv5", activation).shape == (1, 1000)


def test_places365_is_its_authors_checkpoint_and_says_that_it_was_not_checked(server, kept):
    network = load_network("alexnet", "places365")
    sha256 = hashlib.sha256(server.files[PLACES]).hexdigest()
    assert network.notes == (f"{kept / PLACES}: no checksum of it is published; its sha256 is {sha256}",)
    assert network.digest != load_network("alexnet", "torchvision").digest and network.after is not None


def test_a_connection_that_breaks_goes_on_by_itself(server):
    server.cut = [2**16, 2**16]
    load_network("alexnet", "torchvision")
    assert server.asked == [(TORCHVISION, ranged) for ranged in (None, "bytes=65536-", "bytes=131072-")]
    assert server.sent == len(server.files[TORCHVISION])


def test_one_that_was_cut_off_is_resumed_by_the_next(server, kept):
    server.cut = [2**16, *[0] * 10]
    with pytest.raises(
        InputError, match=r"cut off after 65,536 bytes \(.*run again to resume, or fetch it by"
    ):
        load_network("alexnet", "torchvision")
    assert not (kept / TORCHVISION).exists()
    server.cut = []
    load_network("alexnet", "torchvision")
    assert server.asked[-1] == (TORCHVISION, "bytes=65536-")
    assert {path.name for path in kept.iterdir()} == {TORCHVISION, "lock"}


def test_other_bytes_than_were_published(server, kept):
    right = server.files[TORCHVISION]
    server.files[TORCHVISION] = torch_file(state_dict(2))
    with pytest.raises(
        InputError, match=rf"what came has sha256 \w+, not \w{{8}} as .* at {kept}/{TORCHVISION}$"
    ):
        load_network("alexnet", "torchvision")
    assert {path.name for path in kept.iterdir()} == {"lock"}
    (kept / TORCHVISION).write_bytes(right[:-1])
    with pytest.raises(InputError, match=rf"^{kept}/{TORCHVISION}: has sha256 .*; remove it and run again$"):
        load_network("alexnet", "torchvision")


def test_a_file_put_there_by_hand_is_taken_also_where_nothing_can_be_written(server, kept):
    kept.mkdir(parents=True)
    (kept / TORCHVISION).write_bytes(server.files.pop(TORCHVISION))
    kept.chmod(0o500)
    try:
        assert load_network("alexnet", "torchvision").after is not None
    finally:
        kept.chmod(0o700)
    assert [path.name for path in kept.iterdir()] == [TORCHVISION]


def test_a_web_page_in_place_of_the_file(server, kept):
    server.files[PLACES] = b"<html>log in first</html>"
    with pytest.raises(InputError, match=rf"a web page, .*; remove {kept}/{PLACES} and run again"):
        load_network("alexnet", "places365")


def test_not_there(server, kept):
    server.files = {}
    with pytest.raises(
        InputError, match=rf"{TORCHVISION}: the server answers 404 .* put it at {kept}/{TORCHVISION}"
    ):
        load_network("alexnet", "torchvision")


def test_no_network(server, kept):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError) as caught:
        load_network("alexnet", "torchvision")
    said = str(caught.value)
    assert said.startswith(f"{server.url(TORCHVISION)}: cannot be reached (") and "\n" not in said
    assert said.endswith(f"; run again to resume, or fetch it by hand and put it at {kept / TORCHVISION}")


def test_a_disk_that_fills_up(server, kept):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    try:
        with pytest.raises(
            InputError, match=r"cannot be written \(.*make room, or set PARTSJAX_CACHE to another"
        ):
            load_network("alexnet", "torchvision")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (kept / TORCHVISION).exists()
    assert load_network("alexnet", "torchvision").after is not None


def test_no_room(server, monkeypatch):
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 10**5))
    with pytest.raises(
        InputError, match=r"0\.000 GB are free; make room, or set PARTSJAX_CACHE to another folder"
    ):
        load_network("alexnet", "torchvision")


def test_a_cache_that_cannot_be_made(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PARTSJAX_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"weights: cannot write there .*; set PARTSJAX_CACHE to another folder"
    ):
        load_network("alexnet", "torchvision")


def _fetched(url: str, cache: Path) -> None:
    os.environ["PARTSJAX_CACHE"] = str(cache)  # forked from a process that has none
    PUBLISHED["places365"] = {"alexnet": (url, "")}
    processes.say(published_weights("places365", TABLE)[1])


@pytest.mark.slow
def test_two_processes_at_once_fetch_it_once(server, kept):
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda _: processes.start(_fetched, server.url(PLACES), kept.parent), range(2))
    first, second = runs
    assert first == second and first[0] == 0 and len(first[1][0]) == 1
    assert server.asked == [(PLACES, None)]
    assert (kept / PLACES).exists()


def test_a_folder_of_that_name_is_not_taken_for_them(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torchvision").mkdir()
    network = load_network("alexnet", "torchvision")
    assert network.notes == ("--weights=torchvision: the weights of that name, not the local ./torchvision",)


def test_networks_that_have_none_and_options_that_are_known(server):
    with pytest.raises(InputError, match="not published for caffenet, only for alexnet; give a file"):
        load_network("caffenet", "torchvision")
    with pytest.raises(
        InputError, match=r"--normalisation=caffe: .*known for the torchvision weights; leave it"
    ):
        load_network("alexnet", "torchvision", normalisation="caffe")
    with pytest.raises(InputError, match="no such file; did you mean 'torchvision'"):
        load_network("alexnet", "torchvison")
    assert server.asked == []


def test_names_digests_and_networks_fit_together():
    assert {*PUBLISHED} < {*NAMED_WEIGHTS}
    for files in PUBLISHED.values():
        for net, (url, sha256) in files.items():
            assert net in ARCHITECTURES and net in url and sha256 in url
