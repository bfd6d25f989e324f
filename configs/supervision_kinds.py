"""Every kind of supervision, AlexNet trained from conv4 up on five classes of PASCAL VOC 2010.

    python -m experiments.supervision --config=configs/supervision_kinds.py --supervision=cam --steps=600 \\
        --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. What was measured, by kind and steps, is in measured/supervision_kinds.csv
and measured/supervision_windows.csv.
"""

flags = {
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "train_from": "conv4",
    "steps": 150,
}
