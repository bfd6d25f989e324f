"""Filters or directions, on cars: 400 photographs with 18 parts, each wheel an instance of its own.

    python -m experiments.emergence --config=configs/directions_of_cars.py --data_dir=DIR --workdir=W
    ... --net=vgg16 --layers=conv3_3,conv4_3,conv5_3
    ... --net=efficientnet_lite0 --layers=block2,block4,block9,block16,head

DIR: Car-Parts-Segmentation in COCO JSON. ImageNet weights, not finetuned. What was measured is in
measured/directions_of_cars/, by network.
"""

flags = {
    "net": "alexnet",
    "layers": "conv1,conv2,conv3,conv4,conv5",
    "dataset": "coco_parts",
    "object_class": "car",
    "split_polygons": True,
    "nulls": "",
    "readouts": True,
    "iou": True,
}
