"""Filters or directions: what three networks hold of five classes' parts, by sets, readouts and IoU.

    python -m experiments.emergence --config=configs/directions.py --data_dir=DIR --workdir=W
    ... --nulls=random
    ... --net=vgg16 --layers=conv3_3,conv4_3,conv5_3
    ... --net=efficientnet_lite0 --layers=block2,block4,block9,block16,head --limit=300

DIR: as in emergence_by_layer.py. ImageNet weights, not finetuned. What was measured is in
measured/directions/, by network (AlexNet's with the null); docs/results/directions.md shows it.
"""

flags = {
    "net": "alexnet",
    "layers": "conv1,conv2,conv3,conv4,conv5",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "",
    "readouts": True,
    "iou": True,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "2.8 GiB",
    "what": "AlexNet, five layers, five classes, a null, readouts and IoU: 4,741 objects",
}
