"""Filters or directions, where the axes are random: a layer as trained, and under a rotation.

    python -m experiments.emergence --config=configs/directions_rotated.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. The number is the rotation's seed. What was measured is in
measured/directions_rotated/.
"""

flags = {
    "net": "alexnet",
    "layers": "conv5,conv5_rotated0",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "",
    "readouts": True,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "1.8 GiB",
    "what": "AlexNet conv5 and a rotation of it, five classes, readouts: 4,741 objects, 2,883 photographs",
}
