"""Network Dissection's criterion on whole images of horses, as the original has it, and on crops.

    python -m experiments.emergence --config=configs/directions_of_images.py --data_dir=DIR --workdir=W
    ... --frame=object

DIR: as in emergence_by_layer.py. ImageNet weights, not finetuned. What was measured is in
measured/directions_of_images/, by frame.
"""

flags = {
    "net": "alexnet",
    "layers": "conv5",
    "dataset": "coco_parts",
    "classes": "horse",
    "nulls": "",
    "iou": True,
    "frame": "image",
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "0.9 GiB",
    "what": "AlexNet conv5, whole images of horses, IoU",
}
