"""A stage's key changes with every single thing that its result depends on, also with fields added later."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import class_crops
from partsjax.emergence.combination import Search
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PlacePrior, PriorDetections
from partsjax.emergence.stimuli import StimulusReducer
from partsjax.errors import InputError
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Preprocessing, ReceptiveField
from partsjax.runs import stages
from partsjax.runs.comparison import ComparisonOptions
from partsjax.runs.discriminativeness import DiscriminativenessOptions
from partsjax.runs.discriminativeness.drop_stage import DropStage
from partsjax.runs.discriminativeness.drop_steps import Steps
from partsjax.runs.evidence_stage import EvidenceStage
from partsjax.runs.memory import Memory
from partsjax.runs.options import Options
from partsjax.runs.stimulus_stage import StimulusStage
from partsjax.runs.supervision import TrainingOptions
from partsjax.runs.workdir import claim
from tests import tiny
from tests.runs import scored


def another(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 2
    if isinstance(value, float):
        return value / 2 + 0.1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value, "x")
    if isinstance(value, dict):
        return {**value, "x": 1}
    if value is None:
        return 1
    if isinstance(value, np.ndarray):
        other = value.copy()
        other.flat[0] = not other.flat[0] if other.dtype == bool else other.flat[0] + 1
        return other
    raise TypeError(f"no way to change {value!r}: say here how")


def each_changed(record, path=()):
    """(path, the record with another value there), for every field at any depth."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        inner = (
            each_changed(value, (*path, field.name))
            if dataclasses.is_dataclass(value)
            else [((*path, field.name), another(value))]
        )
        for place, changed in inner:
            other = copy.copy(record)
            object.__setattr__(other, field.name, changed)  # past all checks: only the key is asked for
            yield place, other


def named(record):
    return [pytest.param(*rest, id=".".join(path)) for path, *rest in each_changed(record)]


@pytest.fixture(scope="module")
def crops(folder):
    return [
        class_crops(read_coco_parts(folder, None), "beast", split, tiny.SIZE, limit=4)
        for split in ("train", "val")
    ]


CACHE = stages.Cache(Path("nowhere"), print)
NETWORK, METHOD, SEARCH, REDUCER = scored.network(), Method(), Search(), StimulusReducer()


def stimuli(crops, network=NETWORK, reducer=REDUCER, layers=("conv2",), digests=("a", "b", "c", "d")):
    maps = shapes(NETWORK, layers)
    return [StimulusStage(CACHE, network, maps, reducer, one, digests) for one in crops]


def stimuli_key(crops, **changed):
    return [stage.keys[layer] for stage in stimuli(crops, **changed) for layer in stage.keys]


def evidence_key(crops, network=NETWORK, method=METHOD, search=SEARCH, seed=0, ground=None, **changed):
    searches, null = changed.pop("searches", (search,)), changed.pop("null", False)
    stage = EvidenceStage(CACHE, network, searches, seed, Memory(), null)
    return stage.key("conv2", stimuli(crops, network, **changed), ground or ground_of(crops, method=method))


def ground_of(crops, **changed):
    return dataclasses.replace(Ground(*crops, Method(), 0), **changed)


def drops_key(crops, network=NETWORK, layer="conv2", digests=("a", "b", "c", "d"), chosen=None, seed=0):
    chosen = np.ones((4, 2), bool) if chosen is None else chosen
    return DropStage(CACHE, Steps(network, layer), crops[1], digests, chosen, seed).keys


OF_NETWORK = {
    "digest": "other",
    "preprocessing": Preprocessing((1.0, 2, 3), NETWORK.preprocessing.std),
    "preprocessing ": Preprocessing(NETWORK.preprocessing.mean, (1.0, 2, 3)),
}


@pytest.mark.parametrize("key", [stimuli_key, evidence_key, drops_key])
@pytest.mark.parametrize("field", OF_NETWORK)
def test_network_and_preprocessing(crops, key, field):
    other = dataclasses.replace(NETWORK, **{field.strip(): OF_NETWORK[field]})
    assert key(crops, network=other) != key(crops)


@pytest.mark.parametrize("key", [stimuli_key, evidence_key, drops_key])
def test_pixels_of_a_single_crop(crops, key):
    assert key(crops, digests=("a", "b", "c", "e")) != key(crops)


@pytest.mark.parametrize("method", named(Method()))
def test_the_method(crops, method):
    assert evidence_key(crops, method=method) != evidence_key(crops)


@pytest.mark.parametrize("reducer", named(StimulusReducer()))
def test_what_leaves_the_device(crops, reducer):
    """A reducer is its fields: it knows nothing else of the method."""
    assert stimuli_key(crops, reducer=reducer) != stimuli_key(crops)


@pytest.mark.parametrize("search", named(Search()))
def test_the_search(crops, search):
    assert evidence_key(crops, search=search) != evidence_key(crops)
    assert evidence_key(crops, searches=(Search(), search)) != evidence_key(crops)


@pytest.mark.parametrize("field", named(NETWORK.fields["conv2"]))
def test_the_receptive_field(crops, field):
    assert isinstance(field, ReceptiveField)
    other = dataclasses.replace(NETWORK, fields={**NETWORK.fields, "conv2": field})
    assert evidence_key(crops, network=other) != evidence_key(crops)


@pytest.mark.parametrize("which", ["train", "val"])
@pytest.mark.parametrize("field", ["boxes", "valid", "difficult"])
def test_a_single_mark_of_the_truth(crops, which, field):
    those = getattr(ground_of(crops), which)
    truth = dataclasses.replace(those.truth, **{field: another(getattr(those.truth, field))})
    other = dataclasses.replace(those, truth=truth)
    assert evidence_key(crops, ground=ground_of(crops, **{which: other})) != evidence_key(crops)


@pytest.mark.parametrize("which", ["train", "val"])
def test_the_image_of_a_crop(crops, which):
    those = getattr(ground_of(crops), which)
    other = dataclasses.replace(those, image_index=another(those.image_index))
    assert evidence_key(crops, ground=ground_of(crops, **{which: other})) != evidence_key(crops)


@pytest.mark.parametrize("which", ["train", "val"])
def test_the_box_of_an_object(crops, which):
    """Place priors read it."""
    those = getattr(ground_of(crops), which)
    box = tuple(v + 1 for v in those.objects[0].box)
    objects = (dataclasses.replace(those.objects[0], box=box, parts=()), *those.objects[1:])
    other = dataclasses.replace(those, objects=objects)
    assert evidence_key(crops, ground=ground_of(crops, **{which: other})) != evidence_key(crops)


def test_whether_it_is_a_null(crops):
    assert evidence_key(crops, null=True) != evidence_key(crops)


def test_the_bootstrap_s_seed(crops):
    assert evidence_key(crops, ground=ground_of(crops, seed=1)) != evidence_key(crops)


def test_what_a_further_prior_detects_not_what_it_is(crops):
    def prior(*, name="own", label="own", side=9.0, score=1.0, crop=0) -> PlacePrior:
        found = PriorDetections(np.array([[0.0, 0, side, 9]]), np.array([score]), np.array([crop]))
        return PlacePrior(name, label, lambda train, crops, method: found)

    def key(*priors):
        return evidence_key(crops, ground=ground_of(crops, further_priors=priors))

    assert key(prior()) == key(prior()) != evidence_key(crops)
    others = [{"name": "other"}, {"label": "other"}, {"side": 8.0}, {"score": 2.0}, {"crop": 1}]
    assert len({key(prior(**changed)) for changed in [{}, *others]}) == 6


def test_nothing_of_the_ground_is_left_out():
    fields = {field.name for field in dataclasses.fields(Ground) if field.init}
    assert fields == {"train", "val", "method", "seed", "further_priors", "sanity"}


def test_sanity_is_evidence_of_its_own_but_of_no_null(crops):
    sanity = ground_of(crops, sanity=True)
    assert evidence_key(crops, ground=sanity) != evidence_key(crops)
    assert evidence_key(crops, ground=sanity, null=True) == evidence_key(crops, null=True)


def test_seeds_sizes_layers_and_names(crops):
    assert evidence_key(crops, seed=1) != evidence_key(crops)
    assert evidence_key(crops, network=dataclasses.replace(NETWORK, input_size=65)) != evidence_key(crops)
    assert stimuli_key(crops, layers=("conv1",)) != stimuli_key(crops)
    for changed in ({"object_class": "cat"}, {"parts": ("head", "paw")}):
        others = [dataclasses.replace(one, **changed) for one in crops]
        assert evidence_key(others) != evidence_key(crops)


def test_drops(crops):
    base = drops_key(crops)
    val = crops[1]

    def with_object(change):
        return drops_key([None, dataclasses.replace(val, objects=(change(val.objects[0]), *val.objects[1:]))])

    def of_part(**changed):
        return lambda o: dataclasses.replace(
            o, parts=(dataclasses.replace(o.parts[0], **changed), *o.parts[1:])
        )

    others = {
        "layer": drops_key(crops, layer="conv1"),
        "seed": drops_key(crops, seed=1),
        "chosen": drops_key(crops, chosen=np.eye(4, 2) > 0),
        "label": drops_key(crops, network=dataclasses.replace(NETWORK, classes=("beast", "stone"))),
        "classes": drops_key(crops, network=dataclasses.replace(NETWORK, classes=("stone", "beast", "tree"))),
        "parts": drops_key([None, dataclasses.replace(val, parts=val.parts[::-1])]),
        "crop": drops_key([None, dataclasses.replace(val, ids=tuple(f"x{i}" for i in val.ids))]),
        "object": with_object(lambda o: dataclasses.replace(o, box=(0.0, 0.0, 9.0, 9.0))),
        "box": with_object(of_part(box=(1.0, 1.0, 5.0, 5.0))),
        "mask": with_object(of_part(mask=b"1")),
        "part": with_object(of_part(name="other")),
    }
    assert [name for name, key in others.items() if key == base] == []


RUNS = {
    "emergence": Options(),
    "comparison": ComparisonOptions(("imagenet",), Options(), TrainingOptions()),
    "class scores": DiscriminativenessOptions(Options()),
    "training": TrainingOptions(),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_folder_is_claimed_for_every_option(tmp_path, run):
    claim(tmp_path, dataclasses.asdict(RUNS[run]))
    for path, options in each_changed(RUNS[run]):
        with pytest.raises(InputError, match=path[0]):
            claim(tmp_path, dataclasses.asdict(options))
