"""Small COCO folders written by the tests."""

import json

import numpy as np
from PIL import Image

OBJECT, PART = "OBJECT", "PART"


def document(annotations=(), images=None, categories=None):
    """A COCO document: two 100x80 images, and the classes dog and cat with ears and tails."""
    if images is None:
        images = [{"id": i, "file_name": f"im{i}.png", "width": 100, "height": 80} for i in (1, 2)]
    if categories is None:
        categories = [
            {"id": 1, "name": "dog", "supercategory": OBJECT},
            {"id": 2, "name": "cat", "supercategory": OBJECT},
            {"id": 4, "name": "dog:tail", "supercategory": PART},
            {"id": 3, "name": "dog:ear", "supercategory": PART},
            {"id": 5, "name": "cat:ear", "supercategory": PART},
        ]
    return {"images": images, "categories": categories, "annotations": list(annotations)}


def annotation(name, category, bbox, image=1, **more):
    return {"id": name, "image_id": image, "category_id": category, "bbox": bbox, **more}


def write(folder, train, val=None, images="JPEGImages"):
    """Writes the two files (a document, or text as it is) and the image folder, with one real image."""
    (folder / images).mkdir(parents=True)
    pixels = np.arange(100 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(80, 100, 3)
    Image.fromarray(pixels).save(folder / images / "im1.png")
    if val is None:
        val = document(images=[])
    for split, content in (("train", train), ("val", val)):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"instances_{split}.json").write_text(text)
    return folder
