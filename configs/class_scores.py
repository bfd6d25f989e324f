"""What class scores rest on: conv5 of the network that finetuning.py trains, five classes of PASCAL VOC 2010.

    python -m experiments.discriminativeness --config=configs/class_scores.py \\
        --weights=W/checkpoint --data_dir=DIR

DIR: as in emergence_by_layer.py, 2,374 crops of unseen images. What was measured is in
measured/class_scores/.
"""

flags = {
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "blackouts": 100,
}

measured = {
    "date": "2026-11-24",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "8.6 min",
    "memory": "2.3 GiB",
    "what": "Class scores, five classes, 256 filters, 4,606 blackouts and eight times as many controls",
}
