"""Questions to a finished result, answered from what it keeps: no network runs."""

import base64
import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from partsjax.data.crops import Crops
from partsjax.emergence.similarity import similarity
from partsjax.emergence.top_activations import CROPS_KEPT, TopActivations, best_part
from partsjax.errors import InputError, nearest, require_whole
from partsjax.reporting.notebook import BoxedPicture, pictures_html
from partsjax.runs.gallery import small_picture

if TYPE_CHECKING:
    from partsjax.runs.emergence.result import Emergence

_BOX, _PART_BOX = ("x1", "y1", "x2", "y2"), ("part_x1", "part_y1", "part_x2", "part_y2")
_CROP = ("crop", "object_class", "split")
TOP_COLUMNS = (*_CROP, "activation", *_BOX, "part", *_PART_BOX)
SIMILAR_COLUMNS = (*_CROP, "similarity")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FoundCrops:
    """Unseen crops that a question was answered with; a notebook shows them as pictures.

    title: what was asked. table: one row per crop, in order, with the columns that the question says.
    crops: as those of the result, to draw pictures from; None: a notebook shows the table alone.
    like: (object class, name) of the crop that these are similar to, if they are.
    """

    title: str
    table: pd.DataFrame
    crops: Mapping[str, Crops] | None
    like: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"{self.title}\n{self.table}"

    def _repr_html_(self) -> str:
        try:
            pictures = list(self._pictures())
        except InputError:  # the images are not where they were
            pictures = []
        return pictures_html(self.title, pictures, self.table)

    def _pictures(self) -> Iterator[BoxedPicture]:
        if self.crops is None:
            return
        if self.like is not None:
            yield self._picture(*self.like, f"{self.like[0]}: this crop")
        for row in self.table.to_dict("records"):
            number = row.get("activation", row.get("similarity"))
            part = f" · {row['part']}" if row.get("part") else ""
            caption = f"{row['object_class']} {number:.3g}{part}"
            boxes = [[row[side] for side in box] for box in (_BOX, _PART_BOX) if box[0] in row]
            yield self._picture(row["object_class"], row["crop"], caption, *boxes)

    def _picture(self, object_class: str, crop: str, caption: str, *boxes: list[float]) -> BoxedPicture:
        crops = self.crops[object_class]
        encoded = base64.b64encode(small_picture(crops, crops.ids.index(crop))).decode()
        known = [None if np.isnan(box).any() else tuple(side / crops.size for side in box) for box in boxes]
        return BoxedPicture(f"data:image/webp;base64,{encoded}", crop, caption, *known)


def top(found: "Emergence", layer: str, number: int, k: int, object_class: str | None) -> FoundCrops:
    """As `Emergence.top`."""
    fired = _fired(found, layer)
    _require_filter(number, layer, fired)
    require_whole(1, k=k)
    if k > CROPS_KEPT:
        raise InputError(f"k={k}: of each class the {CROPS_KEPT} crops are kept that excite a filter most")
    if object_class is not None and object_class not in fired:
        raise InputError(f"object_class={object_class!r}: {nearest(object_class, fired)}")
    rows = []
    for name in fired if object_class is None else (object_class,):
        of, judged = fired[name], found.judged[layer, name]
        part = best_part(judged.scores.ap_train[number : number + 1])[0]
        part = None if part < 0 else judged.evidence.verdicts[part].part
        boxes = zip(of.boxes[number].tolist(), of.part_boxes[number].tolist(), strict=True)
        rows += [
            (found.ids[name][crop], name, "val", score, *box, part, *part_box)
            for crop, score, (box, part_box) in zip(
                of.crops[number], of.scores[number].tolist(), boxes, strict=True
            )
            if score > 0
        ]
    rows.sort(key=lambda row: -row[3])
    table = pd.DataFrame(rows[:k], columns=TOP_COLUMNS)
    what = "crops" if object_class is None else f"crops of {object_class}"
    return FoundCrops(f"{layer}, filter {number}: the unseen {what} that excite it most", table, found.crops)


def similar(found: "Emergence", crop: str, layer: str, filters: Iterable[int] | None, k: int) -> FoundCrops:
    """As `Emergence.similar`."""
    fired = _fired(found, layer)
    chosen = _chosen(filters, layer, fired)
    require_whole(1, k=k)
    object_class = _class_of(found, crop)
    highest = {name: of.scores[chosen].max(axis=1, initial=0) for name, of in fired.items()}
    scale = np.max(list(highest.values()), axis=0)
    scale = np.where(scale > 0, scale, 1)
    strengths = {name: of.strengths[chosen] * (highest[name] / scale)[:, None] for name, of in fired.items()}
    one = strengths[object_class][:, found.ids[object_class].index(crop)]
    if not one.any():
        raise InputError(f"crop {crop!r}: none of these filters of {layer} fires on it; give others")
    rows = [
        (name, of_class, "val", alike)
        for of_class, of in strengths.items()
        for name, alike in zip(found.ids[of_class], similarity(one, of).tolist(), strict=True)
        if alike > 0 and _image(name) != _image(crop)
    ]
    rows.sort(key=lambda row: -row[3])
    table = pd.DataFrame(rows[:k], columns=SIMILAR_COLUMNS)
    what = "all filters" if filters is None else f"{len(chosen)} filters"
    title = f"{crop}: the crops of other unseen images that excite {what} of {layer} most alike"
    return FoundCrops(title, table, found.crops, (object_class, crop))


def _fired(found: "Emergence", layer: str) -> dict[str, TopActivations]:
    """By class, what the layer's filters fire on."""
    if layer not in found.about.layers:
        raise InputError(f"layer={layer!r}: not measured; {nearest(str(layer), found.about.layers)}")
    return {name: found.judged[layer, name].top_activations for name in found.about.classes}


def _require_filter(number: int, layer: str, fired: Mapping[str, TopActivations]) -> None:
    count = len(next(iter(fired.values())).crops)
    require_whole(0, filter=number)
    if number >= count:
        raise InputError(f"filter={number}: those of {layer} are 0 to {count - 1}")


def _chosen(filters: Iterable[int] | None, layer: str, fired: Mapping[str, TopActivations]) -> np.ndarray:
    if filters is None:
        filters = range(len(next(iter(fired.values())).crops))
    filters = tuple(filters)
    for number in filters:
        _require_filter(number, layer, fired)
    chosen = np.unique(np.array(filters, int))
    if len(chosen) < 2:
        raise InputError(f"filters: {len(chosen)}; give two or more, as one excites all crops alike")
    return chosen


def _class_of(found: "Emergence", crop: str) -> str:
    """Raises `InputError` where it is no unseen crop."""
    for name, ids in found.ids.items():
        if crop in ids:
            return name
    names = [name for ids in found.ids.values() for name in ids]
    near = difflib.get_close_matches(str(crop), names, n=1, cutoff=0)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InputError(f"crop={crop!r}: no unseen crop that could be read{hint}")


def _image(crop: str) -> str:
    return crop.rpartition("#")[0]
