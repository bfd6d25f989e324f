"""What crops of the tiny folder lose, plainly: maps and pixels set to nothing, and the network run again."""

import numpy as np

from partsjax.data.crops import class_crops, to_crop_frame
from partsjax.data.dataset import Dataset
from partsjax.networks.protocol import Network
from tests.plain.crops import crop


def drops(network: Network, dataset: Dataset, object_class: str, layer: str):
    """Unseen crops: mean drops without each filter [F]; part -> (mean drop, crops, mean share of crop)."""
    size, label = network.input_size, network.classes.index(object_class)
    crops = class_crops(dataset, object_class, "val", size)
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))

    def activation(pixels):
        images = ((pixels - mean) / std)[None].astype(np.float32)
        return np.asarray(network.apply(network.params, images, (layer,))[layer])

    def score(maps) -> float:
        return float(network.after(network.params, layer, maps)[0, label])

    of_filters, of_parts = [], {part: [] for part in crops.parts}
    for i, box, name in zip(crops.image_index, crops.object_boxes, crops.ids, strict=True):
        pixels = crop(crops.images[i].source.read(), box, size, mean)
        maps = activation(pixels)
        intact, lost = score(maps), []
        for f in range(maps.shape[-1]):
            without = maps.copy()
            without[..., f] = 0
            lost.append(intact - score(without))
        of_filters.append(lost)
        shown = crops.images[i].objects[int(name.split("#")[-1])]
        for part in crops.parts:
            black, covered = pixels.copy(), np.zeros((size, size), bool)
            for one in shown.parts:
                if one.name == part:
                    x1, y1, x2, y2 = to_crop_frame(one.box, box, size)
                    for y in range(size):
                        for x in range(size):
                            if x1 <= x + 0.5 < x2 and y1 <= y + 0.5 < y2:
                                black[y, x], covered[y, x] = mean, True
            if covered.any():
                of_parts[part].append((intact - score(activation(black)), covered.mean()))
    parts = {}
    for part, found in of_parts.items():
        drop, area = np.mean(found, axis=0)
        parts[part] = float(drop), len(found), float(area)
    return np.mean(of_filters, axis=0), parts
