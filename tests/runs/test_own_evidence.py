"""Own evidence of a run: a filter that sees a part, one that reads what is beside it, and no blackout."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partsjax as pj
from partsjax.data.schema import Image, Object, Part
from partsjax.emergence.genetic import Genetic
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.runs.emergence import own_evidence, report
from partsjax.runs.gallery import Gallery
from tests import tiny

QUICK = Genetic(population=10, generations=2)
IMAGE, SIZE, SQUARE, ASIDE, STRIDE = 96, 128, 12, 24, 4  # pixels
WINDOW = np.exp(-0.5 * (np.arange(-6, 7) / 4) ** 2)


def measure(network, dataset, score="activation", **more):
    settings = {"nulls": (), "progress": False, "own_evidence": True, "batch_size": 8, **more}
    return pj.measure(network, dataset, search=pj.Search("greedy", score, genetic=QUICK), **settings)


def rates(verdict):
    found = verdict.own_evidence
    return found.part_alone.value, found.part_hidden.value, found.difference.value


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=10))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.parametrize("score", ["activation", "calibrated"])
def test_with_nothing_blacked_out_hit_rates_are_those_of_the_crops(photographs, cache, monkeypatch, score):
    """In both layers, whatever ranks the detections, also where those of other sets are kept."""
    monkeypatch.setattr(own_evidence, "alone_and_hidden", lambda pixels, *_: (pixels, pixels))
    judged = [v for v in measure(tiny.network(), photographs, score, cache=cache).verdicts if v.judged]
    assert {v.layer for v in judged} == {"conv1", "conv2"} and any(0 < v.hit_rate < 1 for v in judged)
    for verdict in judged:
        assert rates(verdict) == (verdict.hit_rate, verdict.hit_rate, 0)


@pytest.fixture(scope="module")
def planted() -> pj.Dataset:
    """A red square on dark noise, which is one part, and nothing at its right, which is another."""
    random, images = np.random.default_rng(0), []
    for number in range(48):
        pixels = random.integers(0, 60, (IMAGE, IMAGE, 3)).astype(np.uint8)
        x, y = random.integers(0, IMAGE - SQUARE - ASIDE, 2).tolist()
        pixels[y : y + SQUARE, x : x + SQUARE] = 255, 0, 0
        seen, beside = (
            Part(name, (left, y, left + SQUARE, y + SQUARE))
            for name, left in (("seen", x), ("beside", x + ASIDE))
        )
        thing = Object("thing", (0, 0, IMAGE, IMAGE), (seen, beside))
        images.append(Image(str(number), ("train", "val")[number % 2], pixels, [thing]))
    return pj.Dataset(images)


def red_network() -> Network:
    """Filter 0 fires on what is red, filter 1 on what is as far at the right of it as the second part."""

    def apply(params, images, layers):
        red = jax.nn.relu(images[..., 0] - images[..., 1:].max(axis=-1) - 1)[..., None]
        window = (params["window"][:, None] * params["window"])[..., None, None]
        numbers = ("NHWC", "HWIO", "NHWC")
        here = jax.lax.conv_general_dilated(
            red, window, (STRIDE, STRIDE), [(6, 6)] * 2, dimension_numbers=numbers
        )
        cells = ASIDE // STRIDE
        return dict.fromkeys(
            layers,
            jnp.concatenate([here, jnp.pad(here, [(0, 0), (0, 0), (cells, 0), (0, 0)])[:, :, :-cells]], -1),
        )

    return Network(
        name="red",
        params={"window": jnp.asarray(WINDOW, jnp.float32)},
        apply=apply,
        fields={"red": ReceptiveField(13, STRIDE, 0)},
        input_size=SIZE,
        preprocessing=Preprocessing((30.0,) * 3, (60.0,) * 3),
        default_layers=("red",),
        digest="red",
    )


@pytest.mark.slow
def test_a_set_that_sees_the_part_and_one_that_reads_what_is_beside_it(planted, tmp_path, monkeypatch):
    found = measure(red_network(), planted, cache=tmp_path)
    seen, beside = found.verdicts
    assert (seen.combination, seen.hit_rate, rates(seen)) == ((0,), 1, (1, 0, 1))
    assert (beside.combination, beside.hit_rate, rates(beside)) == ((1,), 1, (0, 1, -1))
    columns = {"hit_rate_part_alone", "hit_rate_part_hidden_low", "own_evidence_high"}
    assert columns <= set(found.parts)
    gallery = Gallery(found.crops, found.readable)
    pictures = report._blacked_out(
        found,
        gallery,
        found.crops["thing"],
        0,
        found.judged["red", "thing"].evidence.strongest[0].combination,
    )
    (alone, fill), (hidden, _) = (gallery._black[picture] for picture in pictures)
    assert fill == (30, 30, 30) and (alone == ~hidden).all() and 12**2 < hidden.sum() <= 14**2
    # What is kept is not shown again, nor anything where it was not asked for; to other sets it is.
    monkeypatch.setattr(own_evidence, "_blacked_out_batches", None)
    again, without = (
        measure(red_network(), planted, cache=tmp_path, own_evidence=on) for on in (True, False)
    )
    assert repr(again.verdicts) == repr(found.verdicts)
    assert not columns & set(without.parts)
    with pytest.raises(TypeError, match="not callable"):
        measure(red_network(), planted, "calibrated", cache=tmp_path)


@pytest.mark.slow
def test_parts_that_are_not_judged_are_not_shown(planted, monkeypatch):
    monkeypatch.setattr(own_evidence, "_blacked_out_batches", None)
    found = measure(red_network(), planted, method=pj.Method(min_val_boxes=25))
    assert [np.isnan(rates(v)).all() for v in found.verdicts] == [True, True]
