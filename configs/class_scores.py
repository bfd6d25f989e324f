"""What class scores rest on: conv5 of a network trained for objects, five classes of PASCAL VOC 2010.

    python -m experiments.comparison --config=configs/supervision_levels.py --data_dir=DIR --workdir=W
    python -m experiments.discriminativeness --config=configs/class_scores.py --data_dir=DIR \\
        --weights=W/networks/object-0/checkpoint --emergence=W/emergence/object-0

DIR: as in emergence_by_layer.py, 2,374 crops of unseen images. The network and its emergence are those of the
comparison: trained on one half of the train images, with regressors fitted on the other. What was measured is
in measured/class_scores/.
"""

flags = {
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "blackouts": 100,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "3.3 min",
    "memory": "1.2 GiB",
    "what": "Class scores, five classes, 256 filters, 4,597 blackouts and eight times as many controls",
}
