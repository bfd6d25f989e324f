"""What the README shows works as it is written."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from partsjax.networks import load_network
from partsjax.reporting.terminal import Terminal
from partsjax.runs.emergence import Options, measure
from partsjax.runs.execution import Execution

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_example_of_ones_own_network_runs(tmp_path, monkeypatch):
    readme = (ROOT / "README.md").read_text()
    source = re.search(r"<!-- own network -->\n```python\n(.*?)```", readme, re.DOTALL).group(1)
    (tmp_path / "my_network.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()

    network = load_network("my_network:build", "imagenet")
    # 7 at stride 4, then 5 of its cells at stride 2.
    assert [(f.size, f.stride) for f in network.fields.values()] == [(7, 4), (23, 8)]
    options = Options(net="my_network:build", classes=("robot",), limit=12)
    measure(options, Execution(tmp_path / "W"), Terminal(quiet=True))
    filters = pd.read_parquet(tmp_path / "W" / "filters.parquet")
    assert set(filters.layer) == {"conv1", "conv2"} and np.isfinite(filters.ap_train).all()
    sys.modules.pop("my_network", None)


def test_the_files_it_names_are_there():
    readme = (ROOT / "README.md").read_text()
    for name in re.findall(r"\]\(([\w./]+)\)", readme):
        assert (ROOT / name).exists(), name
