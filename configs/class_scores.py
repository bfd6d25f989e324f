"""What class scores rest on: conv5 of the network that finetuning.py trains, five classes of PASCAL VOC 2010.

    python -m experiments.discriminativeness --config=configs/class_scores.py \\
        --weights=W/checkpoint --data_dir=DIR

DIR: as in emergence_by_layer.py, 2,374 crops of unseen images. Not measured yet.
"""

flags = {
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "blackouts": 100,
}
