"""The code of the how-to pages runs as it is written."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from partsjax.networks import load_network
from partsjax.runs import emergence, skeleton
from partsjax.runs.context import Context
from partsjax.runs.options import Options

PAGES = Path(__file__).parents[2] / "docs" / "how_to"


def code(page: str) -> str:
    """The first Python block of a page."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)


@pytest.mark.slow
def test_a_network_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "my_network.py").write_text(code("network.md"))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()

    network = load_network("my_network:build", "imagenet")
    # 7 at stride 4, then 5 of its cells at stride 2.
    assert [(f.size, f.stride) for f in network.fields.values()] == [(7, 4), (23, 8)]
    options = Options(net="my_network:build", classes=("robot",), limit=12)
    skeleton.run(emergence.question(options), tmp_path / "W", Context())
    filters = pd.read_parquet(tmp_path / "W" / "filters.parquet")
    assert set(filters.layer) == {"conv1", "conv2"} and np.isfinite(filters.ap_train).all()
    sys.modules.pop("my_network", None)
