"""Emergence by layer: AlexNet, conv1 to conv5, five classes of PASCAL VOC 2010 with PASCAL-Part's boxes.

    python -m experiments.emergence --config=configs/emergence_by_layer.py --data_dir=DIR --workdir=W

DIR: the photographs and boxes in COCO JSON (the "semantic" release: left and right dropped, limbs merged;
close to the paper's 123 parts, not equal): 4,741 objects on 2,883 photographs, VOC's train and val, 47
parts. ImageNet weights, not finetuned. What was measured is in measured/emergence_by_layer/, files of the
run; docs/results/emergence.md shows it.
"""

flags = {
    "net": "alexnet",
    "layers": "conv1,conv2,conv3,conv4,conv5",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "all",
    "null_seeds": 3,
    "all_searches": True,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "2.2 GiB",
    "what": "AlexNet, five layers, five classes, four nulls, three seeds: 4,741 objects, 2,883 photographs",
}
