import pytest

from partsjax.data.pascal_part.lists import CLASSES_WITHOUT_PARTS, PART_LISTS, canonical


def test_the_lists_hold_as_many_parts_as_their_names_say():
    for name, parts in PART_LISTS.items():
        assert sum(map(len, parts.values())) == int(name)
        assert all(len(set(names)) == len(names) for names in parts.values())


def test_the_shorter_list_keeps_the_order_of_the_longer():
    for object_class, parts in PART_LISTS["105"].items():
        longer = PART_LISTS["123"][object_class]
        assert parts == tuple(p for p in longer if p in parts)
        assert parts


def test_with_the_classes_without_parts_they_are_the_20_classes_of_voc():
    assert len(PART_LISTS["123"]) == 16
    assert len({*PART_LISTS["123"], *CLASSES_WITHOUT_PARTS}) == 20


@pytest.mark.parametrize(
    ("object_class", "raw", "expected"),
    [
        ("horse", "lfuleg", ("leg", "lf")),
        ("horse", "lflleg", ("leg", "lf")),
        ("horse", "rblleg", ("leg", "rb")),
        ("horse", "lbho", ("hoof", None)),
        ("dog", "lfleg", ("leg", "lf")),
        ("dog", "lfpa", ("paw", None)),
        ("person", "llleg", ("leg", "l")),
        ("person", "luleg", ("leg", "l")),
        ("person", "rlleg", ("leg", "r")),
        ("person", "ruarm", ("arm", "r")),
        ("person", "rlarm", ("arm", "r")),
        ("person", "lebrow", ("eyebrow", None)),
        ("person", "lear", ("ear", None)),
        ("person", "rfoot", ("foot", None)),
        ("person", "lhand", ("hand", None)),
        ("bird", "lleg", ("leg", "l")),
        ("bird", "rwing", ("wing", None)),
        ("cow", "lhorn", ("horn", None)),
        ("aeroplane", "engine_12", ("engine", None)),
        ("bicycle", "fwheel", ("wheel", None)),
        ("car", "wheel_3", ("wheel", None)),
        ("car", "leftmirror", ("mirror", None)),
        ("bus", "bliplate", ("liplate", None)),
        ("bus", "roofside", ("roofside", None)),
        ("train", "coach_2", ("coach", None)),
        ("train", "hfrontside", ("hfrontside", None)),
        ("train", "cleftside_3", ("cleftside", None)),
        ("tvmonitor", "screen", ("screen", None)),
    ],
)
def test_raw_names(object_class, raw, expected):
    assert canonical(object_class, raw) == expected


@pytest.mark.parametrize(
    ("object_class", "raw"),
    [
        ("dog", "lhorn"),
        ("dog", "hooves"),
        ("cat", "muzzle"),
        ("boat", "sail"),
        ("horse", "lfpa"),
        ("dog", ""),
    ],
)
def test_names_a_class_does_not_know(object_class, raw):
    assert canonical(object_class, raw) is None


SPELLED = {
    "arm": "llarm luarm rlarm ruarm",
    "ear": "lear rear",
    "eye": "leye reye",
    "eyebrow": "lebrow rebrow",
    "foot": "lfoot rfoot",
    "hand": "lhand rhand",
    "hoof": "lfho rfho lbho rbho",
    "horn": "lhorn rhorn",
    "liplate": "fliplate bliplate",
    "mirror": "leftmirror rightmirror",
    "paw": "lfpa rfpa lbpa rbpa",
    "wing": "lwing rwing",
    **{part: f"{part}_1 {part}_27" for part in ["engine", "headlight", "door", "window", "coach"]},
    **{f"c{side}side": f"c{side}side_1" for side in ["front", "left", "right", "back", "roof"]},
}


def test_every_part_of_the_list_is_reached_and_no_name_is_taken_for_another_part():
    for object_class, parts in PART_LISTS["123"].items():
        for part in parts:
            spelled = SPELLED.get(part, part)
            if part == "leg":
                four_footed = object_class in ("cow", "horse", "sheep")
                spelled = "lflleg rbuleg" if four_footed else "lfleg rbleg"
                spelled = {"person": "llleg ruleg", "bird": "lleg rleg"}.get(object_class, spelled)
            if part == "wheel":
                spelled = "fwheel bwheel" if object_class in ("bicycle", "motorbike") else "wheel_1 wheel_2"
            for raw in spelled.split():
                assert canonical(object_class, raw)[0] == part, (object_class, raw)
