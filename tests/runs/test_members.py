"""The networks of a comparison, out of the words of a command line."""

import pytest

from partsjax.networks.weights.normalisation import NAMED_WEIGHTS
from partsjax.runs.comparison.members import Member, members


@pytest.mark.parametrize("weights", NAMED_WEIGHTS)
def test_weights_by_name_whatever_lies_in_the_folder(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for there in (False, True):
        if there:
            (tmp_path / weights).mkdir()
        found = members(["object", f"scenes={weights}", f"deep=vgg16@{weights}"], [3], "alexnet")
        seed = 3 if weights == "random" else None
        assert found[1:] == [
            Member("scenes", seed, "alexnet", weights), Member("deep", seed, "vgg16", weights)
        ]  # fmt: skip
