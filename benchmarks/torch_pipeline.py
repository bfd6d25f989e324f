"""The strongest straightforward pipeline in PyTorch and NumPy: the baseline of `benchmarks.end_to_end`.

    python -m benchmarks.torch_pipeline DATA_DIR CLASS WEIGHTS.npz OUT.npz [pygad]

Photographs to the best set of filters of every part, by the definitions of partsjax, of which it imports
nothing: crops are decoded and warped on a thread per core while AlexNet runs (channels_last, inference mode,
batches of 32), stimuli are found by PyTorch, scores by `numpy_scoring`, sets by `numpy_genetic` (or by
pygad), these two in a process per core. Priors, intervals, nulls and pages are left out.
"""

import collections
import concurrent.futures
import dataclasses
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from benchmarks.numpy_genetic import Part, Settings, pygad_search, search
from benchmarks.numpy_scoring import Geometry, Split, on_all_cores, score_layer

SIZE, CONTEXT, BATCH, STIMULI = 224, 16, 32, 8
CONV5 = {"extent": 163.0, "stride": 16.0, "center": 15.0}
AHEAD = 3 * BATCH  # photographs that are read ahead


@dataclasses.dataclass(frozen=True)
class Objects:
    """One split: photographs with the boxes float64 [n, 4] of their objects; truth of all N objects."""

    photographs: list[tuple[Path, np.ndarray]]
    boxes: np.ndarray
    valid: np.ndarray


def read_objects(data_dir: Path, object_class: str, split: str) -> tuple[Objects, list[str]]:
    """Objects of one class, and the names of its parts."""
    found = json.loads((data_dir / f"instances_{split}.json").read_text(encoding="utf-8"))
    names = {c["id"]: c["name"] for c in found["categories"]}
    prefix = f"{object_class}:"
    number = {c: i for i, c in enumerate(sorted(c for c, name in names.items() if name.startswith(prefix)))}
    objects: dict[int, dict[int, tuple]] = collections.defaultdict(dict)
    parts: dict[int, list] = collections.defaultdict(list)
    for a in found["annotations"]:
        x, y, width, height = a["bbox"]
        box = (x, y, x + width, y + height)
        if a.get("iscrowd"):
            continue
        if names[a["category_id"]] == object_class:
            objects[a["image_id"]][a["id"]] = box
        elif a["category_id"] in number:
            parts[a["obj_ann_id"]].append((number[a["category_id"]], box))
    photographs, truth = [], []
    for image in found["images"]:
        here = objects.get(image["id"])
        if not here:
            continue
        photographs.append(
            (data_dir / "JPEGImages" / image["file_name"], np.array(list(here.values()), float))
        )
        for name, box in here.items():
            x1, y1, width, height = window(np.array(box, float))
            offset, scale = np.array([x1, y1] * 2), SIZE / np.array([width, height] * 2)
            truth.append([(p, (np.array(b) - offset) * scale) for p, b in parts[name]])
    counts = [collections.Counter(p for p, _ in of) for of in truth]
    most = max(max(c.values(), default=1) for c in counts)
    boxes = np.zeros((4, len(number), most, len(truth)), np.float32)
    valid = np.zeros(boxes.shape[1:], bool)
    for n, of in enumerate(truth):
        seen: collections.Counter = collections.Counter()
        for p, box in of:
            boxes[:, p, seen[p], n], valid[p, seen[p], n] = box, True
            seen[p] += 1
    return Objects(photographs, boxes, valid), [names[c][len(prefix) :] for c in number]


def window(box: np.ndarray) -> tuple[float, float, float, float]:
    """What a crop shows of its photograph: x, y, width, height."""
    scale = SIZE / (SIZE - 2 * CONTEXT)
    width, height = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
    return (box[0] + box[2] - width) / 2, (box[1] + box[3] - height) / 2, width, height


def crops_of(photograph: tuple[Path, np.ndarray], mean: torch.Tensor) -> torch.Tensor:
    """float32 [n, 3, S, S] in [0, 255]; bilinear, outside the photograph the mean color."""
    path, boxes = photograph
    with Image.open(path) as image:
        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].float()
    height, width = pixels.shape[2:]
    made = []
    for box in boxes:
        x, y, across, down = window(box)
        sample = (torch.arange(SIZE, dtype=torch.float64) + 0.5) / SIZE
        columns, rows = x + sample * across, y + sample * down
        grid = torch.empty(1, SIZE, SIZE, 2)
        grid[..., 0], grid[..., 1] = 2 * columns / width - 1, (2 * rows / height - 1)[:, None]
        crop = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
        crop[:, :, (rows < 0) | (rows >= height)] = mean[:, None, None]
        crop[:, :, :, (columns < 0) | (columns >= width)] = mean[:, None, None]
        made.append(crop)
    return torch.cat(made)


def batches(objects: Objects, mean: torch.Tensor) -> Iterator[torch.Tensor]:
    """Crops in batches, decoded and warped ahead on a thread per core."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead, waiting = collections.deque(), iter(objects.photographs)
        held: list[torch.Tensor] = []
        while True:
            while len(ahead) < AHEAD and (one := next(waiting, None)) is not None:
                ahead.append(pool.submit(crops_of, one, mean))
            if not ahead:
                break
            held.append(ahead.popleft().result())
            if sum(map(len, held)) >= BATCH:
                joined = torch.cat(held)
                yield joined[:BATCH]
                held = [joined[BATCH:]]
        if sum(map(len, held)):
            yield torch.cat(held)


def alexnet(weights) -> nn.Module:
    """To conv5 and its ReLU."""
    strides, pads = {"conv1": 4}, {"conv1": 2, "conv2": 2}
    layers: list[nn.Module] = []
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5"):
        kernel = torch.from_numpy(weights[f"{name}/kernel"]).permute(3, 2, 0, 1)
        conv = nn.Conv2d(*kernel.shape[1::-1], kernel.shape[2], strides.get(name, 1), pads.get(name, 1))
        conv.weight.data, conv.bias.data = kernel.contiguous(), torch.from_numpy(weights[f"{name}/bias"])
        layers += [conv, nn.ReLU(inplace=True)]
        layers += [nn.MaxPool2d(3, 2)] if name in ("conv1", "conv2") else []
    return nn.Sequential(*layers).eval().to(memory_format=torch.channels_last)


def strongest(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The K largest local maxima of [B, F, H, W]: cells int32 [F, K, B] and 3x3 values float32 [F, 9, K, B].

    Of equal ones the lower cell comes first: an integer of the activation's bits and the cell is sorted.
    """
    batch, filters, height, width = maps.shape
    maps = maps.contiguous()
    peaks = (maps > 0) & (maps == functional.max_pool2d(maps, 3, 1, 1))
    flat = torch.where(peaks, maps, 0).reshape(batch, filters, -1)
    cell = torch.arange(height * width)
    order = (flat.view(torch.int32).long() << 16) | (height * width - 1 - cell)
    cells = height * width - 1 - (order.topk(STIMULI).values & 0xFFFF)
    real = flat.gather(2, cells) > 0
    cells = torch.where(real, cells, 0)
    padded = functional.pad(maps, (1, 1, 1, 1)).reshape(batch, filters, -1)
    corner = cells // width * (width + 2) + cells % width
    values = [
        torch.where(real, padded.gather(2, corner + row * (width + 2) + column), 0)
        for row in range(3)
        for column in range(3)
    ]
    return cells.permute(1, 2, 0).int(), torch.stack(values).permute(2, 0, 3, 1)


@torch.inference_mode()
def stimuli(objects: Objects, network: nn.Module, mean: torch.Tensor, std: torch.Tensor) -> Split:
    """The network over all crops of a split."""
    found = []
    for pixels in batches(objects, mean):
        normal = ((pixels - mean[:, None, None]) / std[:, None, None]).contiguous(
            memory_format=torch.channels_last
        )
        maps = network(normal)
        found.append(strongest(maps))
    cells, values = (torch.cat(column, dim=-1).numpy() for column in zip(*found, strict=True))
    return Split(cells, values, objects.boxes, objects.valid)


def measure(data_dir: Path, object_class: str, weights, find=search, settings: Settings = Settings()) -> dict:  # noqa: B008
    """Everything, by name; `seconds` by stage. find: looks for a part's set."""
    seconds, start = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        seconds[name], start = time.perf_counter() - start, time.perf_counter()

    mean, std = (torch.from_numpy(weights[name]) for name in ("mean", "std"))
    network = alexnet(weights)
    (train, names), (val, _) = (read_objects(data_dir, object_class, split) for split in ("train", "val"))
    lap("annotations, weights")
    splits = [stimuli(objects, network, mean, std) for objects in (train, val)]
    lap("crops, network, stimuli")
    scores = score_layer(*splits, Geometry(**CONV5, columns=13, size=SIZE))
    lap("scores")
    positives = [split.valid.sum(axis=(1, 2)) for split in splits]
    wanted = [p for p in range(len(names)) if positives[0][p]]

    def best_set(p: int) -> tuple[np.ndarray, float, float]:
        of_train, of_val = (
            Part(split.values[:, 4], found[:, p], int(positive[p]))
            for split, found, positive in zip(splits, scores[4:], positives, strict=True)
        )
        members, ap = find(of_train, int(scores.ap_train[:, p].argmax()), settings, p)
        return members, ap, of_val.ap(members)

    sets = on_all_cores(best_set, wanted)
    lap("sets")
    return {
        "parts": np.array(names),
        **{name: getattr(scores, name) for name in scores._fields if name.startswith("ap_")},
        "searched": np.array([names[p] for p in wanted]),
        "set_ap_train": np.array([train for _, train, _ in sets]),
        "set_ap_val": np.array([val for *_, val in sets]),
        "seconds": json.dumps(seconds),
    }


if __name__ == "__main__":
    data_dir, object_class, weights_file, out, *by = sys.argv[1:]
    with np.load(weights_file) as kept:
        weights = dict(kept)
    find = pygad_search if by == ["pygad"] else search
    np.savez(out, **measure(Path(data_dir), object_class, weights, find))
