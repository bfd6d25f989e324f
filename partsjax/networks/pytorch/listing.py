"""The layers of a PyTorch module, with what they return."""

import pandas as pd
import torch

from partsjax.networks.pytorch.checking import entrance, frozen, ran
from partsjax.networks.pytorch.layouts import readings_of, shapes_of


def layer_table(module: torch.nn.Module, input_size: int) -> pd.DataFrame:
    """See `partsjax.layers`."""
    who = "layers"
    module = frozen(who, module)
    dtype, device = entrance(module)
    names = [name for name, _ in module.named_modules() if name]
    rows = {}

    def see(layer, output):
        kind = type(module.get_submodule(layer)).__name__
        rows[layer] = layer, kind, shapes_of(output), readings_of(output)

    images = torch.zeros(1, 3, input_size, input_size, dtype=dtype, device=device)
    ran(who, module, images, names, see)
    found = [rows[name] for name in names if name in rows]
    return pd.DataFrame(found, columns=["layer", "module", "shape", "layout"])
