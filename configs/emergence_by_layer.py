"""Emergence by layer: AlexNet, conv1 to conv5, five classes of PASCAL VOC 2010 with PASCAL-Part's boxes.

    python -m experiments.emergence --config=configs/emergence_by_layer.py --data_dir=DIR --workdir=W

DIR: the photographs and boxes in COCO JSON (the "semantic" release: left and right dropped, limbs merged):
4,741 objects on 2,883 photographs, VOC's train and val. ImageNet weights, not finetuned.

Measured: 10.7 minutes (other work running for part of it), 3.6 GiB; two cores of an AMD EPYC, no GPU,
2026-11-23.

Of 47 parts (conv1, conv2, conv3, conv4, conv5):

    emerge, by the paper's criterion    4     4     9     8     8
      place alone (fixed boxes)         7     7     7     7     7
      random weights                    4     5     5     5     5
      shuffled parts                    4     4     4     4     4
    emerge, strictly                    0     0     2     2     2
      random weights, shuffled parts    0     1     0     0     0    (each)
    best filter, mean AP, train       9.7  11.4  15.0  16.8  14.5
                          unseen      8.8   9.9  12.6  14.7  12.4
    best set,    mean AP, train      10.7  12.4  16.6  17.9  16.4
                          unseen      9.4  10.3  12.8  14.8  12.9
    place alone, mean AP, unseen     11.9

Strictly emerge: the heads of cats and dogs. The paper, on other weights (finetuned) and all 16 classes: about
25% of parts (read in its public text), 34 of 123 in conv5 (recalled, unverified). By its criterion it is 17%
here in conv5, of which place alone passes all but one.
"""

flags = {
    "net": "alexnet",
    "layers": "conv1,conv2,conv3,conv4,conv5",
    "dataset": "coco_parts",
    "classes": "dog,cat,person,sheep,horse",
}
