"""partsjax: which filters of a convolutional network are detectors of semantic object parts.

    import partsjax as pj

    network = pj.load_network("alexnet")
    dataset = pj.load_dataset("coco_parts", "DIR", classes=["horse"])
    found = pj.measure(network, dataset, layers=["conv5"])
    found.parts, found.filters, found.combinations

A name is imported when it is first used. What is public stands in `__init__.pyi`; everything else may move.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
