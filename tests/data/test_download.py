"""PASCAL-Part's archives fetched from a server on loopback: whole, cut off, refused, evil."""

import hashlib
import io
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from partsjax import downloads
from partsjax.data.loading import load_dataset
from partsjax.data.pascal_part import download
from partsjax.errors import InputError
from tests.data.pascal_folder import simple
from tests.loopback import serving

PADDING = 3 * 2**20  # so that an archive comes in several blocks


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def source(tmp_path, server, monkeypatch):
    """PASCAL-Part as its archives on a server, whose addresses stand for their authors'."""
    folder = simple(tmp_path / "source")
    (folder / "VOCdevkit/VOC2010/padding").write_bytes(bytes(range(256)) * (PADDING // 256))
    (folder / "Annotations_Part/zeros").write_bytes(bytes(10**5))
    server.files = {
        "voc.tar": packed(folder, "VOCdevkit", "w"),
        "parts.tar.gz": packed(folder, "Annotations_Part", "w:gz"),
    }
    monkeypatch.setattr(download, "VOC_MD5", hashlib.md5(server.files["voc.tar"]).hexdigest())
    monkeypatch.setattr(downloads, "_PAUSE", 0)
    return {"voc_url": server.url("voc.tar"), "parts_url": server.url("parts.tar.gz")}


def packed(folder, name, mode):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:
        tar.add(folder / name, name)
    return file.getvalue()


def fetched(folder, source, **more):
    return download.download_pascal_part(folder, **source, **more)


def test_it_is_fetched_unpacked_and_read_and_not_fetched_again(tmp_path, server, source):
    options = {"download": True, "progress": False, "prepared_dir": tmp_path / "prepared", **source}
    data = load_dataset("pascal_part", tmp_path / "new" / "data", **options)
    assert [image.split for image in data.images] == ["train", "val"]
    sha256 = hashlib.sha256(server.files["parts.tar.gz"]).hexdigest()
    assert sum(f"no checksum of it is published; its sha256 is {sha256}" in note for note in data.notes) == 1
    assert server.sent == sum(map(len, server.files.values()))
    server.files = {}
    again = load_dataset("pascal_part", tmp_path / "new" / "data", **options)
    assert again.images == data.images and not any("sha256" in note for note in again.notes)
    left = {path.name for path in (tmp_path / "new/data").iterdir()}
    assert left == {"VOCdevkit", "Annotations_Part", "VOCtrainval_03-May-2010.tar", "trainval.tar.gz", "lock"}


def test_what_is_there_is_left_as_it_is(tmp_path, server, source):
    (tmp_path / "data/Annotations_Part").mkdir(parents=True)
    fetched(tmp_path / "data", source)
    assert server.asked == [("voc.tar", None)] and not any((tmp_path / "data/Annotations_Part").iterdir())


def test_a_connection_that_breaks_goes_on_by_itself(tmp_path, server, source):
    server.cut = [10**9, 2**20, *[2**18] * 6]  # the masks whole, then the photographs in eight pieces
    fetched(tmp_path / "data", source)
    assert server.sent == sum(map(len, server.files.values()))
    starts = [asked for name, asked in server.asked if name == "voc.tar"]
    assert starts == [None, *(f"bytes={2**20 + number * 2**18}-" for number in range(7))]


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path, server, source):
    class Killed(BaseException):
        pass

    def progress(done, total, what, unit):
        if what == "downloading VOCtrainval_03-May-2010.tar" and done >= 1:
            raise Killed

    with pytest.raises(Killed):
        fetched(tmp_path / "data", source, progress=progress)
    assert not (tmp_path / "data/VOCtrainval_03-May-2010.tar").exists()
    fetched(tmp_path / "data", source)
    assert (tmp_path / "data/VOCdevkit/VOC2010/padding").stat().st_size == PADDING
    name, asked = server.asked[-1]
    assert name == "voc.tar" and int(asked[len("bytes=") : -1]) >= 10**6


def test_stopped_between_the_last_byte_and_the_name(tmp_path, server, source):
    archive = downloads.Download(source["voc_url"], tmp_path / "voc.tar", md5=download.VOC_MD5)
    downloads.fetch(archive, lambda *_: None)
    address = hashlib.sha256(archive.url.encode()).hexdigest()[:8]
    archive.path.rename(tmp_path / f"voc.tar.{address}.part")
    before = server.sent
    assert downloads.fetch(archive, lambda *_: None) and archive.path.exists() and server.sent == before


def test_another_address_does_not_go_on_from_this_one_s_bytes(tmp_path, server, source):
    server.files["other.tar"] = server.files["voc.tar"]
    archive = downloads.Download(source["voc_url"], tmp_path / "voc.tar")
    address = hashlib.sha256(archive.url.encode()).hexdigest()[:8]
    (tmp_path / f"voc.tar.{address}.part").write_bytes(b"half")
    other = downloads.Download(server.url("other.tar"), archive.path, md5=download.VOC_MD5)
    downloads.fetch(other, lambda *_: None)
    assert server.asked == [("other.tar", None)]


def test_a_server_without_ranges_begins_anew(tmp_path, server, source):
    server.cut, server.ranges = [10**9, 2**20], False
    fetched(tmp_path / "data", source)
    assert (tmp_path / "data/VOCdevkit/VOC2010/padding").stat().st_size == PADDING
    assert server.sent == sum(map(len, server.files.values())) + 2**20


def test_wrong_bytes_are_refused_and_forgotten(tmp_path, server, source):
    right = server.files["voc.tar"]
    server.files["voc.tar"] = right[:-1] + b"x"
    with pytest.raises(InputError, match=r"voc.tar: what came has md5 \w+, not \w+ as published; run again"):
        fetched(tmp_path / "data", source)
    assert not list((tmp_path / "data").glob("VOC*"))
    server.files["voc.tar"] = right
    fetched(tmp_path / "data", source)
    assert (tmp_path / "data/VOCdevkit/VOC2010").is_dir()


def test_a_file_put_there_by_hand_is_checked_and_taken(tmp_path, server, source):
    (tmp_path / "data").mkdir()
    by_hand = tmp_path / "data/VOCtrainval_03-May-2010.tar"
    by_hand.write_bytes(b"half")
    with pytest.raises(InputError, match=f"^{by_hand}: has md5 .* as published; remove it and run again"):
        fetched(tmp_path / "data", source)
    by_hand.write_bytes(server.files.pop("voc.tar"))
    fetched(tmp_path / "data", source)
    assert (tmp_path / "data/VOCdevkit/VOC2010").is_dir()


def test_refused_by_the_server(tmp_path, server, source):
    del server.files["parts.tar.gz"]
    with pytest.raises(InputError, match=r"parts.tar.gz: the server answers 404 .* put it at /"):
        fetched(tmp_path / "data", source)


def test_bytes_beyond_the_file_are_removed(tmp_path, server, source):
    archive = downloads.Download(source["voc_url"], tmp_path / "voc.tar")
    address = hashlib.sha256(archive.url.encode()).hexdigest()[:8]
    part = tmp_path / f"voc.tar.{address}.part"
    part.write_bytes(bytes(10**7))
    with pytest.raises(InputError, match="has no bytes beyond 10,000,000; what was there was removed"):
        downloads.fetch(archive, lambda *_: None)
    assert not part.exists()


def test_no_network(tmp_path, server, source):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError) as caught:
        fetched(tmp_path / "data", source)
    said = str(caught.value)
    assert said.startswith(f"{source['parts_url']}: cannot be reached (") and "\n" not in said
    assert f"fetch it by hand and put it at {tmp_path}/data/trainval.tar.gz" in said
    assert "object at 0x" not in said


def test_a_line_that_brings_nothing_any_more(tmp_path, server, source):
    server.cut = [10**9, 2**16, *[0] * 10]
    with pytest.raises(InputError, match=r"voc.tar: cut off after 65,536 bytes \(.*run again to resume"):
        fetched(tmp_path / "data", source)


def test_no_room(tmp_path, server, source, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"data: .*gz needs 0.\d+ GB there and 0.000 GB are free; make room"):
        fetched(tmp_path / "data", source)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["lock"]


def test_no_room_to_unpack(tmp_path, server, source, monkeypatch):
    free = len(server.files["parts.tar.gz"]) + 50  # bytes
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, free))
    with pytest.raises(InputError, match=r"data: what .*trainval.tar.gz holds needs 0.\d+ GB there"):
        fetched(tmp_path / "data", source)
    assert not (tmp_path / "data/Annotations_Part").exists()


def test_a_run_that_was_killed_while_it_unpacked(tmp_path, server, source):
    class Killed(BaseException):
        pass

    def progress(done, total, what, unit):
        assert not (tmp_path / "data/Annotations_Part").exists()
        if what.startswith("unpacking") and done == 2:
            raise Killed

    with pytest.raises(Killed):
        fetched(tmp_path / "data", source, progress=progress)
    (tmp_path / "data/.Annotations_Part.unpacking/Annotations_Part").mkdir(parents=True)
    (tmp_path / "data/.Annotations_Part.unpacking/Annotations_Part/left.mat").touch()
    fetched(tmp_path / "data", source)
    names = {path.name for path in (tmp_path / "data/Annotations_Part").iterdir()}
    assert names == {"2008_000001.mat", "2008_000002.mat", "zeros"}


def test_those_that_start_together_fetch_once(tmp_path, server, source):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: fetched(tmp_path / "data", source), range(2)))
    assert len(server.asked) == 2


def evil(**attributes):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        good = tarfile.TarInfo("Annotations_Part/a.mat")
        tar.addfile(good, io.BytesIO())
        bad = tarfile.TarInfo("Annotations_Part/bad")
        for name, value in attributes.items():
            setattr(bad, name, value)
        tar.addfile(bad, io.BytesIO(bytes(bad.size)))
    return file.getvalue()


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": "../evil"},
        {"name": "Annotations_Part/../../../evil"},
        {"name": "/tmp/partsjax-evil"},
        {"type": tarfile.SYMTYPE, "linkname": "../../evil"},
        {"type": tarfile.SYMTYPE, "linkname": "a.mat"},
        {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.CHRTYPE},
    ],
)
def test_evil_members_are_refused(tmp_path, server, source, attributes):
    server.files["parts.tar.gz"] = evil(**attributes)
    with pytest.raises(InputError, match=r"trainval.tar.gz: cannot be unpacked \(.*; remove it and run"):
        fetched(tmp_path / "data", source)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["lock", "trainval.tar.gz"]
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"not an archive"])
def test_a_damaged_archive_without_a_checksum(tmp_path, server, source, damage):
    server.files["parts.tar.gz"] = damage(server.files["parts.tar.gz"])
    with pytest.raises(InputError, match=r"trainval.tar.gz: cannot be unpacked \(.*; remove it and run"):
        fetched(tmp_path / "data", source)
    assert not (tmp_path / "data/Annotations_Part").exists()


def test_another_archive(tmp_path, server, source):
    server.files["parts.tar.gz"] = packed(tmp_path / "source", "VOCdevkit", "w:gz")
    with pytest.raises(InputError, match=r"trainval.tar.gz: holds no folder Annotations_Part"):
        fetched(tmp_path / "data", source)


def test_addresses_without_download_and_a_download_without_a_folder(tmp_path, source):
    with pytest.raises(InputError, match="no effect without --download"):
        load_dataset("pascal_part", tmp_path, **source)
    with pytest.raises(InputError, match="pascal_part: no data_dir is given; give the folder to download to"):
        load_dataset("pascal_part", download=True)
