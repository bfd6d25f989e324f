"""What a config sweeps: runs, their names, what each comes after, and what is refused before any starts."""

from pathlib import Path

import pytest

from partsjax.errors import InputError
from partsjax.runs.sweep import planned


def whole(text: str) -> int:
    return int(text)


KNOWN = {
    "emergence": dict.fromkeys(("net", "weights", "layers", "classes", "limit", "data_dir", "pages"), str)
    | {"weights_seed": whole, "seed": whole, "limit": whole},
    "supervision": dict.fromkeys(("supervision", "weights", "classes", "data_dir"), str) | {"seed": whole},
    "discriminativeness": dict.fromkeys(("weights", "emergence"), str),
}


def plan(sweep, **common):
    return planned(sweep, common, KNOWN)


def test_every_combination_is_a_run_named_by_what_is_swept():
    runs = plan({"weights": ["imagenet", "random"], "layers": ["conv4", "conv5"], "limit": 7}, net="alexnet")
    names = ["imagenet-conv4", "imagenet-conv5", "random-conv4", "random-conv5"]
    assert [run.place for run in runs] == [f"emergence/{name}" for name in names]
    assert [run.network for run in runs] == ["imagenet"] * 2 + ["random"] * 2  # layers are one network's
    assert runs[0].arguments(Path("/W")) == [
        "emergence",
        "--net=alexnet",
        "--weights=imagenet",
        "--layers=conv4",
        "--limit=7",
        "--workdir=/W/emergence/imagenet-conv4",
    ]


def test_a_block_that_sweeps_nothing_else_is_called_by_its_network_or_its_name():
    assert [run.name for run in plan({"classes": ["horse", "dog"]})] == ["alexnet-horse", "alexnet-dog"]
    assert [run.name for run in plan({"name": "deep", "net": "vgg16"})] == ["deep"]


def test_runs_come_after_others_and_name_their_folders():
    scores = {
        "command": "discriminativeness",
        "weights": "{supervision}/checkpoint",
        "emergence": "{emergence}",
    }
    measured = {"weights": "{supervision}/checkpoint", "classes": ["horse", "dog"], "then": [scores]}
    training = {"command": "supervision", "supervision": ["object"], "seed": [0, 1], "then": [measured]}
    runs = plan([training])
    assert [run.place for run in runs[:5]] == [
        "supervision/object-0",
        "emergence/object-0-horse",
        "discriminativeness/object-0-horse",
        "emergence/object-0-dog",
        "discriminativeness/object-0-dog",
    ]
    last = runs[-1]
    assert (last.network, last.seed) == ("object", 1)
    assert [run.place for run in last.before()] == ["emergence/object-1-dog", "supervision/object-1"]
    assert last.arguments(Path("/W"))[1:3] == [
        "--weights=/W/supervision/object-1/checkpoint",
        "--emergence=/W/emergence/object-1-dog",
    ]


def test_common_flags_are_for_commands_that_have_them_and_give_way_to_a_blocks():
    training, measured = plan(
        [{"command": "supervision", "supervision": "object"}, {"limit": 3, "pages": True}], limit=9, net="x"
    )
    assert training.flags == {"supervision": "object"}
    assert measured.flags == {"limit": "3", "net": "x", "pages": "true"}


def test_names_of_files_do_not_come_from_values():
    (run,) = plan({"weights": ["../../W eights.pth"]})
    assert run.place.startswith("emergence/") and ".." not in run.place and run.place.count("/") == 1


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"command": "emergance"}, "no command 'emergance'; did you mean 'emergence'"),
        ({"layer": "conv5"}, "emergence has no flag 'layer'; did you mean 'layers'"),
        ({"limit": ["many"]}, "emergence --limit=many: invalid literal"),
        ({"workdir": "W"}, "workdir is the sweep's own"),
        ({"weights": "{supervision}/checkpoint"}, "comes after none of that command; put its block"),
        ([{"weights": ["a"]}, {"weights": ["a"]}], "2 runs are called emergence/a; give a block a `name`"),
        ({"seed": [0, 1]}, "sweep `weights_seed`"),
        (["net"], "'net' is not a dictionary of flags"),
        ({"then": {"net": "x"}}, "then: {'net': 'x'} is not a list"),
        (7, "sweep: 7 is not a list"),
        ([], "no runs"),
        ({"weights": []}, "no runs"),
        (
            [{"name": "a", "weights_seed": [0, 1]}, {"name": "b", "weights_seed": [0, 1, 2]}],
            r"other numbers of seeds \(a: 2, b: 3\)",
        ),
    ],
)
def test_what_cannot_be_swept(sweep, words):
    with pytest.raises(InputError, match=words):
        plan(sweep)
