"""benchmarks.repeated: more objects than there are photographs, none taken for a copy of another."""

import collections

import numpy as np

from partsjax.data.loading import load_dataset
from partsjax.data.survey import survey
from tests import tiny


def test_every_copy_counts_and_looks_the_same(tmp_path):
    folder = tiny.write_folder(tmp_path, images=2)
    once = load_dataset("coco_parts", folder)
    found = load_dataset("benchmarks.repeated:repeated", folder, times=3)
    assert found.parts == once.parts
    assert [i.image_id for i in found.images[: len(once.images)]] == [f"{i.image_id}~0" for i in once.images]
    assert len({image.image_id for image in found.images}) == len(found.images) == 3 * len(once.images)
    looks = survey(found.images)
    assert len({look.digest for look in looks}) == len(looks)
    assert not any(look.content or look.problem for look in looks)  # nothing to be a duplicate of
    counts = collections.Counter(image.source.read().tobytes() for image in found.images)
    assert set(counts.values()) == {3}
    for image, original in zip(found.images, 3 * once.images, strict=True):
        assert (image.split, image.objects) == (original.split, original.objects)
        assert image.source.size() == original.source.size()
        np.testing.assert_array_equal(image.source.read(), original.source.read())
