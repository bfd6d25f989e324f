"""What a study asks, and what a rater answers."""

import dataclasses

from partsjax.errors import InputError

KINDS = {
    "part": "semantic part",
    "assembly": "assembly or piece of parts",
    "background": "background",
    "texture": "texture or pattern",
    "color": "color",
    "other": "other",
}
NONE = "none"  # in tables, the kind of what is no consistent concept
SURENESS = {1: "guess", 2: "rather sure", 3: "sure"}
PURPOSES = ("filter", "gold", "practice")
LONGEST_NAME = 80  # characters
PICTURES = 10  # of an item, at most


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a rater says of an item, or what is right to say of it.

    Attributes:
      consistent: the highlighted regions show one concept.
      kind: one of `KINDS` where they do, else None.
      name: what it is; "" where there is none, which a semantic part must have.
      sure: a key of `SURENESS`.

    Raises:
      InputError: no answer that can be given.
    """

    consistent: bool
    kind: str | None
    name: str
    sure: int

    def __post_init__(self):
        if not isinstance(self.consistent, bool):
            raise InputError(f"answer: consistent is {self.consistent!r:.40}; say true or false")
        if self.consistent and self.kind not in KINDS:
            raise InputError(f"answer: kind is {self.kind!r:.40}; choose from: {', '.join(KINDS)}")
        if not self.consistent and (self.kind is not None or self.name):
            raise InputError("answer: not consistent, so it has neither kind nor name; leave them out")
        if not isinstance(self.name, str) or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise InputError(f"answer: a name is one line of at most {LONGEST_NAME} characters")
        if self.name != self.name.strip() or (self.kind == "part" and not self.name):
            raise InputError("answer: a semantic part needs a name, without spaces around it; give one")
        if isinstance(self.sure, bool) or self.sure not in SURENESS:
            raise InputError(
                f"answer: sure is {self.sure!r:.40}; choose from: {', '.join(map(str, SURENESS))}"
            )


@dataclasses.dataclass(frozen=True)
class Picture:
    """A crop as two files in the study's `images`; their names say nothing of filter or class.

    plain: the crop as it is. highlighted: the same, with the activated region brought out.
    """

    plain: str
    highlighted: str


@dataclasses.dataclass(frozen=True)
class Item:
    """What is shown on one screen.

    Attributes:
      item: its name, 16 hexadecimal digits that say nothing of filter or class.
      purpose: one of `PURPOSES`: to learn what a filter is; gold, whose answer is known; practice.
      object_class, layer, filter: whose pictures these are; "", "" and -1 where no filter's.
      truth: the right answer of gold and practice; None for a filter.
      accepted: further names that are right.
      explanation: what practice says of its truth; "" elsewhere.
      pictures: in the order shown, at most `PICTURES`.
    """

    item: str
    purpose: str
    object_class: str
    layer: str
    filter: int
    truth: Answer | None
    accepted: tuple[str, ...]
    explanation: str
    pictures: tuple[Picture, ...]


@dataclasses.dataclass(frozen=True)
class Study:
    """All that is the same for every rater; two studies of the same digest are the same.

    Attributes:
      version: of the layout of a study's files.
      digest: hexadecimal, of all that decides the study: what the run measured, what of it was chosen, and
        the options.
      title, network: for people. network_digest: hexadecimal, of the network that the run measured.
      layers, classes: those of the items.
      seed: of raters' orders.
      batch_size: items in a batch, gold and repeated ones included.
      gold_share, repeat_share: of a batch, the shares that are gold and repeated.
      raters_per_item: how many raters each filter's item is to have.
      silent: (class, layer, filter) of those that were to be asked about and fire on too few images of the
        class to be shown: no items.
      items: those of filters in the order of layer, class and filter; then gold, then practice.
    """

    version: int
    digest: str
    title: str
    network: str
    network_digest: str
    layers: tuple[str, ...]
    classes: tuple[str, ...]
    seed: int
    batch_size: int
    gold_share: float
    repeat_share: float
    raters_per_item: int
    silent: tuple[tuple[str, str, int], ...]
    items: tuple[Item, ...]
