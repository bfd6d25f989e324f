"""Emergence by depth: VGG16 against AlexNet, five classes of PASCAL VOC 2010 with PASCAL-Part's boxes.

    python -m experiments.emergence --config=configs/emergence_by_depth.py --data_dir=DIR --workdir=W
    python -m experiments.emergence --config=configs/emergence_by_layer.py --data_dir=DIR --workdir=W2

DIR: as in emergence_by_layer.py. ImageNet weights, not finetuned.

Measured (the first): 19.4 minutes, 3.6 GiB; two cores of an AMD EPYC, no GPU, 2026-11-23.

Of 47 parts (VGG16 conv3_3, conv4_3, conv5_3; AlexNet conv3, conv4, conv5):

    emerge, by the paper's criterion    6    12    11       9     8     8
      place alone (fixed boxes)         7     7     7       7     7     7
      shuffled parts                    4     4     4       4     4     4
    emerge, strictly                    2     3     2       2     2     2
    best filter, mean AP, train      14.1  20.7  16.9    15.0  16.8  14.5
                          unseen     12.5  18.4  15.1    12.6  14.7  12.4
    best set,    mean AP, train      15.3  22.1  19.9    16.6  17.9  16.4
                          unseen     13.0  18.4  15.7    12.8  14.8  12.9
    place alone, mean AP, unseen     11.9

Strictly emerge: the heads of cats and dogs, in conv4_3 also of people. The paper finds that emergence grows
with depth (recalled, unverified); so it does here, more in mean AP than in strict counts.
"""

flags = {
    "net": "vgg16",
    "layers": "conv3_3,conv4_3,conv5_3",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
    "nulls": "shuffled",  # random weights would take as long again
}
