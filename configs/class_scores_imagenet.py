"""What the class scores of an ImageNet classifier rest on, as it is: EfficientNet-Lite0's head, four animals.

    python -m experiments.discriminativeness --config=configs/class_scores_imagenet.py --data_dir=DIR

DIR: as in emergence_by_layer.py, 1,954 crops of unseen images. Nothing is trained: a class's score is the
log-sum-exp over its ImageNet synsets, 118 of them for dogs. What was measured is in
measured/class_scores_imagenet/.
"""

flags = {
    "net": "efficientnet_lite0",
    "layer": "head",
    "dataset": "coco_parts",
    "classes": "dog,cat,sheep,horse",
    "blackouts": 100,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "2.0 GiB",
    "what": "An ImageNet classifier, four classes, 1,280 filters, 3,306 blackouts and their controls",
}
