"""A prepared copy of PASCAL-Part that rots: the same data, or one line that says what to delete."""

import pytest

from partsjax.data import pascal_part
from partsjax.data.pascal_part import builder
from partsjax.errors import InputError
from tests.data.pascal_folder import simple
from tests.runs.test_stages import flipped


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return simple(tmp_path_factory.mktemp("pascal") / "source")


def read(source):
    builder._opened.cache_clear()
    builder._rows.cache_clear()
    data = pascal_part.read_pascal_part(source, prepared_dir=source.parent / "prepared")
    return repr([(image.image_id, image.objects) for image in data.images]), [
        image.source.read().tobytes() for image in data.images
    ]


def test_a_flipped_byte_never_gives_other_data(source):
    whole, refused = read(source), 0
    for path in sorted((source.parent / "prepared").rglob("1.0.0/*")):
        content = path.read_bytes()
        for place in (0.02, 0.3, 0.5, 0.9):
            path.write_bytes(flipped(content, place))
            try:
                assert read(source) == whole, (path, place)
            except InputError as error:
                assert "delete the folder and run again" in str(error)
                refused += 1
        path.write_bytes(content)
    assert refused > 10
    assert read(source) == whole
