"""`discriminate` from a notebook: values in, values out, for anyone's network."""

import dataclasses
import json

import jax
import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.emergence.combination import Search
from partsjax.runs.discriminativeness import asking
from tests import tiny
from tests.emergence.bare_crops import bare_crops
from tests.emergence.test_scoring import padded
from tests.reporting.report import pages
from tests.runs import plain_drops, scored
from tests.runs.running import QUICK, SEED, number, rows

LAYERS = ("stem", "block")


def residual(seed=0):
    """Two layers of a residual network, with class scores from either."""
    random = np.random.default_rng(seed)

    def drawn(*shape):
        return random.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape).astype(np.float32)

    params = {"stem": drawn(4, 4, 3, 6), "a": drawn(3, 3, 6, 6), "b": drawn(3, 3, 6, 6), "head": drawn(6, 2)}

    def conv(x, kernel, stride=1):
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), [(1, 1)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def block(params, x):
        return jax.nn.relu(x + conv(jax.nn.relu(conv(x, params["a"])), params["b"]))

    def apply(params, images, layers):
        maps = {"stem": jax.nn.relu(conv(images, params["stem"], 2))}
        maps["block"] = block(params, maps["stem"])
        return {layer: maps[layer] for layer in layers}

    def after(params, layer, activation):
        maps = activation if layer == "block" else block(params, activation)
        return maps.max((1, 2)) @ params["head"]

    return pj.make_network(
        "residual",
        apply,
        params,
        input_size=tiny.SIZE,
        layers=LAYERS,
        preprocessing=pj.Preprocessing((100.0,) * 3, (60.0,) * 3),
        after=after,
        classes=scored.CLASSES,
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("photos"), images=14))


def measured(network, dataset, *layers, **changed):
    quick = {"search": Search(genetic=QUICK), "nulls": (), "seed": SEED, "progress": False}
    return pj.measure(network, dataset, layers=layers, **{**quick, **changed})


@pytest.fixture(scope="module")
def emergence(dataset):
    """In a rotated layer, too: the network is the same all the same."""
    return measured(scored.network(seed=SEED), dataset, "conv2", "conv2_rotated0")


@pytest.fixture(scope="module")
def found(dataset, emergence):
    return pj.discriminate(
        scored.network(seed=SEED), dataset, emergence=emergence, layer="conv2", seed=SEED, progress=False
    )


@pytest.mark.slow
def test_its_tables_are_those_of_the_files(found, tmp_path, capsys):
    found.save(tmp_path)
    for name, table in (("filters", found.filters), ("parts", found.parts)):
        written = rows(tmp_path / f"{name}.csv")
        assert list(table.columns) == list(written[0]) and len(table) == len(written) > 1
        for row, (_, exact) in zip(written, table.iterrows(), strict=True):
            for column, text in row.items():
                value = exact[column]
                if isinstance(value, float):
                    assert number(text) == pytest.approx(value, rel=1e-5, nan_ok=True)
                elif isinstance(value, tuple):
                    assert tuple(filter(None, text.split(";"))) == value
                else:
                    assert text.title() == ("" if pd.isna(value) else str(value).title())
    assert json.loads((tmp_path / "summary.json").read_text()) == json.loads(json.dumps(found.summary))
    assert found.layer == "conv2" and "conv2: of 5 filters" in repr(found)
    assert found._repr_html_().count("<tr>") == 4 and "beast" in found._repr_html_()
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_classes_of_the_data_made_of_the_networks(dataset, emergence, found):
    """Scores change, emergence does not: that of the network as it was is taken."""
    network, layer = scored.network(seed=SEED), "conv2"

    def mapped(*names):
        return pj.discriminate(
            network, dataset, emergence=emergence, layer=layer, seed=SEED, class_map={"beast": names},
            progress=False,
        )  # fmt: skip

    other, both = mapped("stone"), mapped("stone", "beast")
    top1 = [one.summary["classes"]["beast"]["top1"] for one in (found, other, both)]
    assert top1[2] == 1 and top1[0] + top1[1] == pytest.approx(1)
    renamed = dataclasses.replace(network, classes=("beast", "stone"))
    filters, _ = plain_drops.drops(renamed, dataset, "beast", layer)
    np.testing.assert_allclose(other.filters["delta"], filters, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_a_page_needs_no_folder_of_a_run(found, tmp_path):
    found.write_report(tmp_path / "page")
    assert "measured by the same call" in (tmp_path / "page" / "index.html").read_text()
    assert list((tmp_path / "page" / "crops").glob("*.webp"))
    top1 = 100 * found.summary["classes"]["beast"]["top1"]
    row = pages.read(tmp_path / "page")["index.html"].table("filters-by-class")[2]
    assert row[0] == "beast" and row[2].startswith(f"{top1:.1f} ")


@pytest.mark.slow
def test_emergence_is_measured_first_where_none_is_given(dataset, found, tmp_path, monkeypatch):
    monkeypatch.setattr("partsjax.runs.discriminativeness.asking.Search", lambda: Search(genetic=QUICK))
    again = pj.discriminate(
        scored.network(seed=SEED), dataset, layer="conv2", seed=SEED, progress=False, cache=tmp_path
    )
    pd.testing.assert_frame_equal(again.filters, found.filters)
    pd.testing.assert_frame_equal(again.parts, found.parts)
    assert list(tmp_path.rglob("drops/*/*/*.npz")) and list(tmp_path.rglob("evidence/*/*.npz"))


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_a_residual_network_of_ones_own(dataset, layer, tmp_path_factory):
    network = residual()
    emergence = measured(network, dataset, layer)
    found = pj.discriminate(network, dataset, emergence=emergence, layer=layer, seed=SEED, progress=False)
    filters, parts = plain_drops.drops(network, dataset, "beast", layer)
    np.testing.assert_allclose(found.filters["delta"], [filters[f] for f in range(6)], rtol=1e-3, atol=1e-5)
    for _, row in found.parts.iterrows():
        assert row["drop"] == pytest.approx(parts[row["part"]][0], rel=1e-3, abs=1e-5)


@pytest.mark.slow
def test_what_can_be_fixed_is_one_line(dataset, emergence, tmp_path, monkeypatch):
    network = scored.network(seed=SEED)

    def refused(pattern, network=network, **changed):
        with pytest.raises(pj.InputError, match=pattern) as error:
            pj.discriminate(network, dataset, **{"seed": SEED, "progress": False, **changed})
        assert "\n" not in str(error.value)

    refused("tiny has no layer 'conv3'; did you mean 'conv2'", layer="conv3")
    refused("network tiny: it has no class scores.*`after`", network=tiny.network())
    refused("emergence was not measured in 'conv1'", emergence=emergence, layer="conv1")
    refused("emergence of another network", emergence=emergence, network=scored.network(seed=SEED + 1))
    refused("made with --seed=1, now --seed=2", emergence=emergence, seed=2)
    refused("limit=0: give a whole number", limit=0)
    refused("blackouts=0: give a whole number", blackouts=0)

    def compute(*_):
        raise AssertionError("scores are looked at before the images are compared")

    with monkeypatch.context() as context:
        context.setattr("partsjax.runs.discriminativeness.asking.DropStage.compute", compute)
        refused("judged beast on other images", emergence=emergence, limit=7)
    refused(r"resamples\.npz: not found; run partsjax emergence", emergence=tmp_path)


def test_blackouts_are_spread_evenly_over_the_crops_that_show_a_part():
    box, nothing = np.array([[10.0, 10, 20, 20]]), np.zeros((0, 4))
    crops = bare_crops(padded([[box if n >= 20 else nothing, box if n < 2 else nothing] for n in range(40)]))
    one, other = asking._blacked_out(crops, 4).T
    assert np.flatnonzero(one).tolist() == [22, 27, 32, 37] and np.flatnonzero(other).tolist() == [0, 1]
    assert asking._blacked_out(crops, None).sum() == 22
