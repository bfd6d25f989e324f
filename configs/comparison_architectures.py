"""Emergence across architectures: AlexNet, VGG16 and EfficientNet-Lite0 by relative depth, beside nulls.

    python -m experiments.comparison --config=configs/comparison_architectures.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. ImageNet weights, not finetuned; each network has nulls of its own. Others
take part by a name and what they are, as NAME=NET@WEIGHTS or NAME=package.module:function, with layers as
NAME:LAYER. The published figures come from a run of each network, in emergence_by_layer.py,
emergence_by_depth.py and emergence_of_efficientnet.py.
"""

flags = {
    "networks": "alexnet=alexnet@imagenet,vgg16=vgg16@imagenet,lite0=efficientnet_lite0@imagenet",
    "baseline": "alexnet",
    "layers": "alexnet:all,vgg16:conv1_2,vgg16:conv2_2,vgg16:conv3_3,vgg16:conv4_3,vgg16:conv5_3,"
    "lite0:block2,lite0:block4,lite0:block9,lite0:block16,lite0:head",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "random,permuted,shuffled",
}
