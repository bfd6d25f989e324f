"""Emergence by depth: VGG16 beside AlexNet, five classes of PASCAL VOC 2010 with PASCAL-Part's boxes.

    python -m experiments.emergence --config=configs/emergence_by_depth.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py, whose run is the other half of the table. ImageNet weights, not finetuned.
What was measured is in measured/emergence_by_depth/.
"""

flags = {
    "net": "vgg16",
    "layers": "conv3_3,conv4_3,conv5_3",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "all",
    "null_seeds": 3,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "3.4 GiB",
    "what": "VGG16, three layers, five classes, four nulls, three seeds: 4,741 objects, 2,883 photographs",
}
