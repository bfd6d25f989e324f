"""A photograph in a prepared copy of PASCAL-Part."""

import dataclasses

from partsjax.data.pascal_part.builder import rows
from partsjax.data.sources import EncodedImage
from partsjax.errors import InputError


@dataclasses.dataclass(frozen=True)
class RecordImage(EncodedImage):
    """One row of a prepared copy, read when asked; a `schema.ImageSource`. Small to pickle.

    Attributes:
      copy: the prepared copy's folder.
      split: `train` or `val`.
      row: the photograph's row in that split.
      image_id: what the row must be.
      label: what error messages call it.
      annotated_size: (width, height) of its masks where they were made on the turned photograph, else None.
    """

    copy: str
    split: str
    row: int
    image_id: str
    label: str
    annotated_size: tuple[int, int] | None = None

    def encoded(self) -> bytes:
        """The JPEG file's bytes. Raises `InputError` if the prepared copy is gone or damaged."""
        try:
            record = rows(self.copy, "photographs", self.split)[self.row]
        except MemoryError:
            raise
        except Exception as error:  # array_record and tfds raise almost anything on damaged files
            raise self._damaged() from error
        # A file cut off may still give rows, with nothing in them.
        if record["image_id"] != self.image_id.encode():
            raise self._damaged()
        return record["image"]

    def _damaged(self) -> InputError:
        return InputError(
            f"{self.copy}: cannot read {self.split} image {self.image_id} from this prepared copy; "
            "delete the folder and run again to prepare it anew"
        )
