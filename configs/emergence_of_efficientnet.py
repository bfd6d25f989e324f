"""Emergence by depth in EfficientNet-Lite0, beside AlexNet and VGG16: five layers, five classes.

    python -m experiments.emergence --config=configs/emergence_of_efficientnet.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. ImageNet weights, as installed. What was measured is in
measured/emergence_of_efficientnet/.
"""

flags = {
    "net": "efficientnet_lite0",
    "layers": "block2,block4,block9,block16,head",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "all",
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "3.7 GiB",
    "what": "EfficientNet-Lite0, five layers, five classes, four nulls: 4,741 objects, 2,883 photographs",
}
