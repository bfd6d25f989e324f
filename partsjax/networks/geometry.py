"""Receptive fields of any network: from its program, by gradients, or as a grid of patches."""

from collections.abc import Sequence
from typing import Any

from partsjax.errors import InputError
from partsjax.networks.activations import applied, image_shape
from partsjax.networks.geometry_rules import spans_of_outputs
from partsjax.networks.program import flat_program
from partsjax.networks.protocol import Apply, ReceptiveField
from partsjax.networks.receptive_field import UnmeasurableError, estimate_receptive_field
from partsjax.networks.spans import COLUMNS, ROWS, Seen

_BATCH = 2


def receptive_fields(
    name: str, apply: Apply, params: Any, layers: Sequence[str], input_size: int
) -> tuple[dict[str, ReceptiveField], tuple[str, ...]]:
    """The receptive field of each layer, and what was assumed about them, a line each.

    Cells are followed through the program of `apply`: exact, and free. Where that stops (attention, a
    gather, an enlarged map), what they see is measured by gradients; where they see all of the image or do
    not lie on a grid, patches stand in for fields: with `cells` a side, size = stride = input_size / cells,
    and `ReceptiveField.nominal`.

    What reaches all cells alike from the whole image (a mean over it: squeeze and excitation, instance
    normalization) is left out of a field, and noted: it says what is in the image, not where. (Our choice.)

    Args:
      name: of the network, for messages; the others are as in `Network`.

    Raises:
      InputError: `apply` fails or gives no maps, a field is not square, a map is not the image's way up,
        or a layer does not respond to the image or is not finite.
    """
    layers = tuple(layers)
    program = flat_program(
        lambda p, x: tuple(applied(name, apply, p, x, layers)[layer] for layer in layers),
        params,
        image_shape(input_size, _BATCH),
    )
    fields, nominal, whole = {}, {}, []
    for layer, output, seen in zip(layers, program.jaxpr.outvars, spans_of_outputs(program), strict=True):
        try:
            if seen is None or seen.stops:
                fields[layer] = estimate_receptive_field(apply, params, layer, input_size)
            else:
                fields[layer] = _square(layer, seen)
                whole += [layer] * seen.whole
        except UnmeasurableError as error:
            fields[layer] = patch(input_size, output.aval.shape[1])
            nominal.setdefault(str(error), []).append(layer)
        except InputError as error:
            raise InputError(f"network {name}: {error}") from error
    notes = [
        f"network {name}: layer {', '.join(of)}: {why}; patches on a grid stand in for receptive fields "
        "(nominal)"
        for why, of in nominal.items()
    ]
    if whole:
        notes.append(
            f"network {name}: layer {', '.join(whole)}: receptive fields leave out what reaches all cells "
            "alike from the whole image (a mean over it)"
        )
    return fields, tuple(notes)


def patch(input_size: int, cells: int) -> ReceptiveField:
    """What stands in for a receptive field: one of `cells` x `cells` patches that tile the image."""
    side = input_size / cells
    return ReceptiveField(size=side, stride=side, center=(side - 1) / 2, nominal=True)


def _square(layer: str, seen: Seen) -> ReceptiveField:
    along = {span.along: axis for axis, span in seen.spans.items()}
    if len(along) < 2:
        raise UnmeasurableError("every cell sees the whole image")
    if along != {ROWS: 1, COLUMNS: 2}:
        raise InputError(
            f"layer {layer}: the image's rows lie along axis {along[ROWS]} of its activation and its columns "
            f"along axis {along[COLUMNS]}; they must be axes 1 and 2: transpose it"
        )
    rows, columns = seen.spans[1], seen.spans[2]
    sides = [span.last - span.first + 1 for span in (rows, columns)]
    if (rows.first, rows.last, rows.stride) != (columns.first, columns.last, columns.stride):
        raise InputError(
            f"layer {layer}: its receptive field is {sides[0]:g} pixels high and {sides[1]:g} wide, at "
            f"strides of {rows.stride:g} and {columns.stride:g}; only square ones can be used, so give one: "
            f"fields={{{layer!r}: ReceptiveField(...)}}"
        )
    return ReceptiveField(float(sides[0]), float(rows.stride), float(rows.first + rows.last) / 2)
