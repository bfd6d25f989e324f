"""A tiny network and a tiny folder of photographs, for tests of whole runs."""

import hashlib
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField

SIZE = 64


def network(weights: str = "imagenet", seed: int = 0, *, mirrored: bool = False) -> Network:
    """Two convolutions on 64 x 64 crops; its cells lie mirror-symmetric in the crop.

    Weights are random numbers of `seed`: "imagenet" for trained ones, "random" for others.
    """
    random = np.random.default_rng((seed, weights == "random"))
    params = {
        "conv1": random.standard_normal((4, 4, 3, 6)).astype(np.float32),
        "conv2": random.standard_normal((3, 3, 6, 5)).astype(np.float32),
    }
    if mirrored:
        params = {name: kernel[:, ::-1] for name, kernel in params.items()}

    def conv(x, kernel, stride):
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), [(1, 1)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def apply(params, images, layers):
        out = {"conv1": jnp.maximum(conv(images, params["conv1"], 2), 0)}
        if "conv2" in layers:
            out["conv2"] = jnp.maximum(conv(out["conv1"], params["conv2"], 1), 0)
        return {layer: out[layer] for layer in layers}

    digest = hashlib.sha256(b"".join(params[name].tobytes() for name in sorted(params)))
    return Network(
        name="tiny",
        params=params,
        apply=apply,
        fields={"conv1": ReceptiveField(4, 2, 0.5), "conv2": ReceptiveField(8, 2, 0.5)},
        input_size=SIZE,
        preprocessing=Preprocessing((100.0, 110.0, 120.0), (60.0, 60.0, 60.0)),
        default_layers=("conv1", "conv2"),
        digest=digest.hexdigest(),
    )


def write_folder(folder: Path, images: int = 30, *, seed: int = 0, reverse: bool = False) -> Path:
    """A COCO folder of blocky animals, `images` in each split, each with one or two, of two parts."""
    random = np.random.default_rng(seed)
    (folder / "JPEGImages").mkdir(parents=True)
    names = [(1, "beast"), (2, "beast:head"), (3, "beast:foot"), (4, "stone")]
    categories = [
        {"id": i, "name": name, "supercategory": "PART" if ":" in name else "OBJECT"} for i, name in names
    ]
    for split in ("train", "val"):
        document = {"images": [], "annotations": [], "categories": categories}
        for number in range(images):
            _draw(document, folder, f"{split}{number:03d}", number + 1, random)
        if reverse:
            document["images"].reverse()
        (folder / f"instances_{split}.json").write_text(json.dumps(document))
    return folder


def _draw(document: dict, folder: Path, name: str, image_id: int, random: np.random.Generator) -> None:
    width, height = 120, 90
    pixels = random.integers(0, 120, (height, width, 3)).astype(np.uint8)

    def add(category, box, owner=None) -> int:
        number = len(document["annotations"]) + 1
        x1, y1, x2, y2 = (int(v) for v in box)
        bbox = [x1, y1, x2 - x1, y2 - y1]
        document["annotations"].append(
            {
                "id": number,
                "image_id": image_id,
                "category_id": category,
                "bbox": bbox,
                "obj_ann_id": owner or number,
            }
        )
        return number

    for left in ([5], [5, 65])[random.integers(2)]:
        x, y = left + random.integers(0, 8), 10 + random.integers(0, 12)
        beast = add(1, (x, y, x + 45, y + 60))
        pixels[y : y + 60, x : x + 45] //= 2
        head = x + random.integers(0, 25)
        pixels[y : y + 18, head : head + 18] = (250, 40, 30)
        add(2, (head, y, head + 18, y + 18), beast)
        # Feet of two colours: a set of filters can find more of them than any filter.
        for foot, colour in ((x + 2, (30, 40, 250)), (x + 28, (60, 220, 90))):
            lift = random.integers(0, 10)
            pixels[y + 48 - lift : y + 60 - lift, foot : foot + 14] = colour
            add(3, (foot, y + 48 - lift, foot + 14, y + 60 - lift), beast)
    document["images"].append({"id": image_id, "file_name": f"{name}.jpg", "width": width, "height": height})
    Image.fromarray(pixels).save(folder / "JPEGImages" / f"{name}.jpg", quality=95)
