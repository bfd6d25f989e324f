"""Heads for other classes: the network's own fully connected layers, or a compact one where it has none."""

import dataclasses

from partsjax.networks.architectures import Architecture
from partsjax.networks.layers import Dense, MaxPool

HIDDEN = 512
"""Units of the hidden layer of a compact head (our choice): 4.7 million weights on AlexNet's pool5, where
its own fully connected layers have 55 million."""
SLIDING = {"mil": "max", "cam": "mean"}
"""Objectives whose head slides over the map -> how its class maps become one score a class."""


def head_for(architecture: Architecture, objective: str, classes: int, hidden: int = HIDDEN) -> Architecture:
    """`architecture` with a head that gives `classes` scores and suits an objective.

    Its own fully connected layers stay, all but the last, where it has them; they slide over the map of a
    larger image under "mil" and "cam" ("cam" with the mean over positions). Where it has none:

    - "object", "image", "wsddn": pool5 -> fc6 (`hidden` units, ReLU) -> scores, sliding nowhere;
    - "mil": conv5 -> at every cell fc6 (`hidden`, ReLU) -> class maps; score = maximum over cells (after
      Oquab et al. 2015, who have two hidden layers);
    - "cam": conv5 -> at every cell a linear layer -> class maps; score = mean over cells (after Zhou et al.
      2016, who put a convolution between).

    hidden: 0 leaves fc6 out: a linear layer on the features.
    """
    pooling = SLIDING.get(objective, "max")
    scores = Dense("scores", classes, relu=False)
    if architecture.head:
        head = (*architecture.head[:-1], scores)
        return dataclasses.replace(architecture, head=head, pooling=pooling)
    linear = objective == "cam" or not hidden
    head = (scores,) if linear else (Dense("fc6", hidden), scores)
    if objective not in SLIDING:
        return dataclasses.replace(architecture, head=head)
    layers = architecture.layers
    layers = layers[:-1] if isinstance(layers[-1], MaxPool) else layers
    return dataclasses.replace(architecture, layers=layers, head=head, window=1, pooling=pooling)
