"""What a reader can be told, beyond the folder and the classes, as one record."""

import dataclasses

from partsjax.errors import InputError


@dataclasses.dataclass(frozen=True)
class ReaderOptions:
    """What decides how a data set's files are read. None: not given, the reader's own default.

    Attributes:
      part_list: `pascal_part`: "123" (the paper's parts, the default) or "105".
      object_class: `coco_parts`: the one object class that a file without object categories is of; each of
        its categories is then a part.
      val_fraction: `coco_parts` without split files: the share of images taken as val, in (0, 1); 0.5 if not
        given.
      split_polygons: `coco_parts`: each disjoint polygon of an annotation is an instance by itself.
      allow_duplicates: read the same photograph under several names. It decides whether a run goes on, not
        what it finds.
    """

    part_list: str | None = None
    object_class: str | None = None
    val_fraction: float | None = None
    split_polygons: bool | None = None
    allow_duplicates: bool = dataclasses.field(default=False, metadata={"decides": False})

    def __post_init__(self):
        if self.val_fraction is not None and not 0 < self.val_fraction < 1:
            raise InputError(f"--val_fraction={self.val_fraction}: give a share between 0 and 1, such as 0.5")

    def require_used(self, dataset: str, used: tuple[str, ...]) -> None:
        """Refuses an option that is given and that a data set does not use (`used`: those it does)."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value not in (None, field.default) and field.name not in used:
                raise InputError(f"--{field.name}={value}: {dataset} does not use it; leave it out")


DEFAULTS = ReaderOptions()
"""Nothing given."""
