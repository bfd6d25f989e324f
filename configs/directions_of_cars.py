"""Filters or directions, on cars: 400 photographs with 18 parts, each wheel an instance of its own.

    python -m experiments.emergence --config=configs/directions_of_cars.py --data_dir=DIR --workdir=W
    ... --net=vgg16 --layers=conv3_3,conv4_3,conv5_3
    ... --net=efficientnet_lite0 --layers=block2,block4,block9,block16,head
    ... --net=efficientnet_lite0 --layers=block9 --nulls=random,permuted

DIR: Car-Parts-Segmentation in COCO JSON. ImageNet weights, not finetuned. What was measured is in
measured/directions_of_cars/, by network; of the last of these in measured/directions_of_cars_untrained/.
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

measured = {
    "date": "2026-11-26",
    "hardware": "two cores of an AMD EPYC, no GPU",
    "time": "not timed (other work running)",
    "memory": "2.0 GiB",
    "what": "AlexNet, five layers, 400 cars, readouts and IoU",
}
