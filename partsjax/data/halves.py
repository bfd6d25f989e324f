"""One half of the train images: what is trained on the one can be measured with the other."""

import collections
import dataclasses

from partsjax.data.dataset import Dataset

HALVES = (1, 2)


def half(dataset: Dataset, number: int) -> Dataset:
    """The dataset with half `number` of its train images, and all of val.

    Images that show the same classes go to the two halves in turn: neither has more of a class, nor of what
    is annotated at one end of the split only. A note says how many images were kept.

    Args:
      number: 1 or 2, which have no image in common.
    """
    shown = collections.defaultdict(list)
    for image in dataset.images:
        if image.split == "train":
            shown[frozenset(o.object_class for o in image.objects)].append(image.image_id)
    train = [image_id for alike in shown.values() for image_id in alike]
    kept = set(train[HALVES.index(number) :: 2])
    return dataclasses.replace(
        dataset,
        images=tuple(i for i in dataset.images if i.split != "train" or i.image_id in kept),
        notes=(
            *dataset.notes,
            f"{dataset.name}: half {number} of the train images, {len(kept)} of {len(train)}",
        ),
    )
