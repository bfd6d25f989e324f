"""How a network is trained: all that decides it besides network, data and objective."""

import dataclasses

SCHEDULES = ("cosine", "steps", "constant")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How fast what learns, from how much.

    Attributes:
      steps: updates of the parameters.
      batch_size: examples of a step, over all devices.
      train_from: the first layer trained, in forward order; what the layers before it rest on stays as it is.
        "" trains all, "head" the head alone.
      hidden: units of the hidden layer where the network brings no fully connected layers; 0: none.
      learning_rate: the highest, of layers whose weights were given.
      new_learning_rate: the same, of layers that start from random values.
      schedule: "cosine" to zero, "steps" (a tenth after each third), "constant"; all rise linearly over the
        first twentieth.
      weight_decay: of kernels, not of biases; a step takes off this share times its learning rate.
      balance: each example first draws its class.
      windows: where windows come from, "jittered" or "selective" for the objective "object", "random" or
        "selective" for "wsddn"; "" is the first of them.
      num_windows: per image, for "wsddn".
      image_size: side of whole images in pixels; None: the network's input.
      evaluate_every: steps between validations, each with a checkpoint where there is a folder for it.
      val_limit: at most this many objects or images are validated on, evenly spread; None: all.
    """

    steps: int = 400
    batch_size: int = 32
    train_from: str = ""
    hidden: int = 512
    learning_rate: float = 2e-4
    new_learning_rate: float = 5e-4
    schedule: str = "cosine"
    weight_decay: float = 0.01
    balance: bool = True
    windows: str = ""
    num_windows: int = 128
    image_size: int | None = None
    evaluate_every: int = 100
    val_limit: int | None = 500
