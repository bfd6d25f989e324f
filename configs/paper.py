"""The paper's whole question as one sweep: layers, depths, supervision, and what class scores rest on.

    python -m experiments.sweep --config=configs/paper.py --data_dir=DIR --workdir=W

DIR: PASCAL-Part's annotations and the photographs of VOC2010 (docs/how_to/photographs.md; --download fetches
them): 16 object classes, 123 parts. `--status` lists the runs. Add --engine=slurm or --engine=ray for many
machines, --limit=100 for a first look. Not run yet.

Layers and depths: AlexNet's five and VGG16's thirteen, beside nulls. Supervision: AlexNet with random
weights, with ImageNet's, with those of scenes (fetched), and trained further from conv4 up on object windows,
on images with labels, and on labels alone, three seeds each. Class scores: conv5 of those that were trained.
Networks are trained on one half of the train images; regressors, sets and priors of all networks are fitted
on the other, so that all of them can be compared.
"""

_CLASSES = [
    "aeroplane",
    "bicycle",
    "bird",
    "bottle",
    "bus",
    "car",
    "cat",
    "cow",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "train",
    "tvmonitor",
]
_NULLS = {"nulls": "random,permuted,shuffled", "null_seeds": 3}
_SEEDS = [0, 1, 2]

flags = {"dataset": "pascal_part", "classes": ",".join(_CLASSES), "half": 2}

sweep = [
    {"name": "imagenet", "layers": "all", "classes": _CLASSES, **_NULLS},
    {"name": "vgg16", "net": "vgg16", "layers": "all", "classes": _CLASSES, **_NULLS},
    {"name": "scenes", "weights": "places365", "layers": "all", "classes": _CLASSES, **_NULLS},
    {"name": "random", "weights": "random", "layers": "all", "nulls": "", "weights_seed": _SEEDS},
    {
        "command": "supervision",
        "half": 1,
        "supervision": ["object", "image", "mil", "cam"],
        "seed": _SEEDS,
        "train_from": "conv4",
        "steps": 600,
        "evaluate_every": 600,
        "then": [
            {
                "weights": "{supervision}/checkpoint",
                "layers": "conv4,conv5",
                "nulls": "",
                "then": [
                    {
                        "command": "discriminativeness",
                        "weights": "{supervision}/checkpoint",
                        "emergence": "{emergence}",
                        "blackouts": 100,
                    }
                ],
            }
        ],
    },
]

baseline = "imagenet"
