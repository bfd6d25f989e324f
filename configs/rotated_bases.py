"""Are axes special? The last layer of three networks as trained, and under three random rotations.

    python -m experiments.emergence --config=configs/rotated_bases.py --data_dir=DIR --workdir=W
    ... --net=vgg16 --layers=conv5_3,conv5_3_rotated0,conv5_3_rotated1,conv5_3_rotated2
    ... --net=efficientnet_lite0 --layers=head,head_rotated0,head_rotated1,head_rotated2

DIR: as in emergence_by_layer.py. The number is the rotation's seed. What was measured is in
measured/rotated/.
"""

flags = {
    "net": "alexnet",
    "layers": "conv5,conv5_rotated0,conv5_rotated1,conv5_rotated2",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "",
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC; VGG16's forward pass on an NVIDIA H200",
    "time": "not timed (other work running)",
    "memory": "not measured",
    "what": "One layer and three rotations of it, of AlexNet, VGG16 and EfficientNet-Lite0, five classes",
}
