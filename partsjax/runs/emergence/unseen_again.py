"""The unseen crops of a result that was read from files: from the dataset, if it is the one measured."""

import dataclasses
from typing import TYPE_CHECKING

from partsjax.data.crops import Crops, class_crops
from partsjax.data.dataset import Dataset
from partsjax.data.frames import in_frame
from partsjax.errors import InputError
from partsjax.runs import photographs
from partsjax.runs.context import Context
from partsjax.runs.network_stages import images_of
from partsjax.runs.unseen import unseen_digest

if TYPE_CHECKING:
    from partsjax.runs.emergence.result import Emergence


def unseen_again(found: "Emergence", dataset: Dataset, context: Context) -> dict[str, Crops]:
    """By class, as `Emergence.crops`.

    Raises:
      InputError: they are not those it was judged on.
    """
    about, crops = found.about, {}
    framed = in_frame(dataset, about.frame, about.input_size)
    for name in about.classes:
        if name not in dataset.parts:
            raise InputError(f"dataset {dataset.name}: lacks {name}, which was measured; load that class too")
        crops[name] = class_crops(framed, name, "val", about.input_size, limit=about.limit)
    context = dataclasses.replace(context, skip_bad=bool(found.skipped))
    looks = photographs.looked_at(images_of({name: (one,) for name, one in crops.items()}), context)
    digests = photographs.digests(looks)
    for name, one in crops.items():
        ok = found.readable[name]
        if len(one) != len(ok) or unseen_digest(one, ok, digests) != found.images.by_class[name]:
            raise InputError(
                f"dataset {dataset.name}: other images or annotations of {name} than measured; give the same"
            )
    return crops
