"""What a finished emergence run says about one layer, checked to be of the same network and images."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.emergence.verdict import Verdict
from partsjax.errors import InputError, nearest
from partsjax.networks.protocol import Network
from partsjax.runs import workdir
from partsjax.runs.emergence import read
from partsjax.runs.unseen import Images


@dataclasses.dataclass(frozen=True)
class Measured:
    """Emergence in one layer.

    verdicts: by class, in the order of its parts. ap_samples: by class, float32 [P, 1000], held-out AP of
    each part's set on each bootstrap sample of the class's unseen images. images: those it was judged on.
    notes: of that run.
    """

    folder: Path
    verdicts: Mapping[str, tuple[Verdict, ...]]
    ap_samples: Mapping[str, np.ndarray]
    images: Images
    notes: Sequence[str]

    def check_images(self, object_class: str, digest: str, seed: int) -> None:
        """Raises `InputError` where a class's unseen images or the bootstrap's seed were others there."""
        if self.images.by_class[object_class] != digest:
            raise InputError(
                f"{self.folder}: judged {object_class} on other images or annotations; give the same "
                "--dataset, --data_dir, --limit and --seed, or leave --emergence out"
            )
        if self.images.seed != seed:
            raise InputError(
                f"{self.folder}: made with --seed={self.images.seed}, now --seed={seed}; give the same seed, "
                "or leave --emergence out"
            )


def read_measured(folder: Path, network: Network, layer: str, parts: Mapping[str, Sequence[str]]) -> Measured:
    """Reads a finished emergence run.

    Args:
      parts: by class, what verdicts are needed of.

    Raises:
      InputError: not finished, of another network, or without the layer or a class.
    """
    manifest = _manifest(folder)
    if manifest["network_digest"] != network.digest:
        raise InputError(
            f"{folder}: emergence of another network ({_made_with(manifest)}); run partsjax emergence "
            "with the same --net, --weights and --dtype, or leave --emergence out"
        )
    if layer not in manifest["layers"]:
        raise InputError(
            f"{folder}: emergence was not measured in {layer!r}; {nearest(layer, manifest['layers'])} with "
            "--layer, or leave --emergence out"
        )
    kept = read(folder)
    by_part = {(v.object_class, v.part): v for v in kept.verdicts if v.layer == layer}
    for object_class, names in parts.items():
        lacking = [name for name in names if (object_class, name) not in by_part]
        if lacking:
            raise InputError(
                f"{folder}: emergence was not measured for {object_class}: {lacking[0]}; run it for "
                "that class too, or leave --emergence out"
            )
    return Measured(
        folder,
        {c: tuple(by_part[c, name] for name in names) for c, names in parts.items()},
        {c: kept.samples[layer, c] for c in parts},
        kept.images,
        manifest.get("notes", ()),
    )


def _manifest(folder: Path) -> dict:
    path = folder / "manifest.json"
    try:
        manifest = workdir.read_json(path)
        if not {"network_digest", "layers", "options"} <= manifest.keys():
            raise ValueError
    except OSError:
        raise InputError(
            f"{folder}: no finished emergence run (no manifest.json); run partsjax emergence to its end, "
            "or leave --emergence out"
        ) from None
    except (ValueError, AttributeError):
        raise InputError(
            f"{path}: not the manifest of an emergence run; name its folder, or leave it out"
        ) from None
    return manifest


def _made_with(manifest: dict) -> str:
    options = manifest["options"]
    return f"--net={options.get('net')} --weights={options.get('weights')} --dtype={options.get('dtype')}"
