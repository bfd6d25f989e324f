"""Emergence by supervision: what AlexNet was trained for, on five classes of PASCAL VOC 2010.

    python -m experiments.comparison --config=configs/supervision_levels.py --data_dir=DIR --workdir=W

DIR: as in emergence_by_layer.py. Networks: random weights; ImageNet's; and the latter trained further, from
conv4 up, on object windows (object), on images with labels (image), on labels alone saying where (mil, cam),
all for as many steps; their conv1 to conv3 are ImageNet's own. They are trained on one half of the train
images; regressors, sets and priors of every network are fitted on the other. Networks from scratch are left
out: all of their layers are trained, which takes about twice as long, and 150 steps had taught them nothing.

AlexNet trained on scenes is fetched by name. Other networks trained on scenes enter by their weight file: the
authors of Places365 publish theirs at http://places2.csail.mit.edu, linked from
https://github.com/CSAILVision/places365, in the folder models_places365: vgg16_places365.caffemodel, and
alexnet_places365.caffemodel (the original AlexNet: --net=caffenet). They are not among the figures here, and
were not tried: the files were not at hand.

    ... --networks=random,imagenet,object,scenes=places365
    ... --net=vgg16 --layers=conv3_3,conv4_3,conv5_3 --train_from=conv4_1 \\
        --networks=random,imagenet,object,scenes=vgg16_places365.caffemodel
    ... --net=caffenet --weights=bvlc_alexnet.caffemodel --baseline=start \\
        --networks=random,start=bvlc_alexnet.caffemodel,object,scenes=alexnet_places365.caffemodel

What was measured is in measured/supervision_levels/.
"""

flags = {
    "net": "alexnet",
    "layers": "conv4,conv5",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "networks": "random,imagenet,object,image,mil,cam",
    "seeds": "0,1,2",
    "train_from": "conv4",
    "steps": 600,
    "evaluate_every": 600,
}

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "51.6 min, other work beside it",
    "memory": "3.6 GiB",
    "what": "Twelve AlexNets trained from conv4 up, 600 batches each; 16 networks measured, two layers, five "
    "classes",
}
