"""Finetuning: AlexNet's conv5 and a compact head on object windows of five classes of PASCAL VOC 2010.

    python -m experiments.supervision --config=configs/finetuning.py --data_dir=DIR --workdir=W
    python -m experiments.supervision --config=configs/finetuning.py --train_from=head --hidden=0 \\
        --data_dir=DIR

The second is the linear probe beside it. DIR: as in emergence_by_layer.py, 1,424 photographs to train on
and 1,453 to validate on. What was measured is in measured/finetuning.csv.
"""

flags = {
    "supervision": "object",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "train_from": "conv5",
    "steps": 1500,
    "evaluate_every": 500,
}

measured = {
    "date": "2026-11-23",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "11.2 min (2.5 steps/s)",
    "memory": "2.9 GiB",
    "what": "AlexNet trained from conv5 up, 1,500 batches of 32 windows",
}
