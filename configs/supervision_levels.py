"""Emergence by supervision: what AlexNet was trained for, on five classes of PASCAL VOC 2010.

    python -m experiments.comparison --config=configs/supervision_levels.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. Networks: random weights; ImageNet's; these trained further from conv4 up on
object windows (object), on images with labels (image), on labels alone saying where (mil, cam); and all
layers trained from random weights on object windows (scratch). conv1 to conv3 of those that start from
ImageNet are ImageNet's own, so in conv3 they differ by nothing.

Scene-supervised networks enter by their weight file. The authors of Places365 publish theirs at
http://places2.csail.mit.edu, linked from https://github.com/CSAILVision/places365, in the folder
models_places365: alexnet_places365.pth.tar (torchvision's AlexNet: save it under a name that ends in .pth),
vgg16_places365.caffemodel, and alexnet_places365.caffemodel (the original AlexNet: --net=caffenet). They are
not among the figures here, and were not tried: the files were not at hand. All networks of one comparison are
of one --net:

    ... --networks=random,imagenet,object,scenes=alexnet_places365.pth
    ... --net=vgg16 --layers=conv3_3,conv4_3,conv5_3 --train_from=conv4_1 \\
        --networks=random,imagenet,object,scenes=vgg16_places365.caffemodel
    ... --net=caffenet --weights=bvlc_alexnet.caffemodel --baseline=start \\
        --networks=random,start=bvlc_alexnet.caffemodel,object,scenes=alexnet_places365.caffemodel

Measured: 54 minutes for 19 networks (15 trained, 1.4 to 5 minutes each; 0.8 each to measure), other work
running for part of it, 4.3 GiB; two cores of an AMD EPYC, no GPU, 2026-11-23. Of 47 parts, 120 objects a
class and split, means over three seeds (random, imagenet, object, image, mil, cam, scratch):

    conv4  mean AP, train          14.4  20.9  20.5  20.7  20.6  20.4  13.3
                    unseen          9.3  12.7  12.9  12.6  13.0  12.3   9.1
           paper's criterion        5    10    10.3  10.7  10.3  10.7   5
           strict                   0.3   3     2.7   2.3   2.7   1     0
    conv5  mean AP, train          14.9  20.4  19.3  20.8  19.7  20.6  12.9
                    unseen          9.6  11.1  10.0  10.9  11.0  12.7   8.6
             minus imagenet        -1.5        -1.1  -0.2  -0.1  +1.6  -2.5
           paper's criterion        5    10    10.7  12     9.7  11     5
           strict                   1     2     0.3   1.7   1.3   3     0

Place alone: 6 parts, mean AP 11.4. 95% intervals of conv5's differences leave out 0 for random, object, cam
and scratch; conv4's for random and scratch. How many parts have an AP over 30 on unseen images differs surely
in conv4 alone, random weights and scratch below ImageNet's.

The paper finds most parts in networks trained for objects, fewer in those trained for image classification,
fewest in those trained for scenes (recalled, unverified).
"""

flags = {
    "net": "alexnet",
    "layers": "conv3,conv4,conv5",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "networks": "random,imagenet,object,image,mil,cam,scratch",
    "seeds": "0,1,2",
    "train_from": "conv4",
    "steps": 150,
    "evaluate_every": 150,
    "emergence_limit": 120,
}
