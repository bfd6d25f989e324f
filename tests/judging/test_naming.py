"""Names: the most frequent one of a filter, and the dataset's."""

from partsjax.judging.naming import ConceptName, concept_names, usual_name


def test_the_most_frequent_name_counts():
    assert usual_name(["ear", "head", "ear"]) == "ear"
    assert usual_name(["head", "ear"]) == usual_name(["ear", "", "", "head"]) == "ear"
    assert usual_name(["", ""]) == usual_name([]) == ""


def test_names_are_counted_by_filters_and_looked_up_among_the_dataset_s():
    called = [
        ("conv5", "horse", "part", 4, "front leg"),
        ("conv5", "horse", "texture", 2, "fur"),
        ("conv5", "horse", "part", 3, "head"),
        ("conv5", "horse", "part", 1, "head"),
        ("conv5", "horse", "part", 7, ""),
        ("conv5", "cow", "part", 1, "head"),
    ]
    parts = {"horse": ["Front-Leg", "tail"], "sheep": ["head"]}
    assert concept_names(called, parts) == [
        ConceptName("conv5", "horse", "part", "head", (1, 3), False),
        ConceptName("conv5", "horse", "part", "front leg", (4,), True),
        ConceptName("conv5", "horse", "texture", "fur", (2,), None),
        ConceptName("conv5", "cow", "part", "head", (1,), None),  # its parts are not known
    ]
    assert {one.annotated for one in concept_names(called, None)} == {None}
