from partsjax.runs.deciding import deciding
from partsjax.runs.options import Options


def test_what_decides_is_there_at_every_depth():
    options = deciding(Options(reader={"object_class": "car"}))
    assert options["reader"]["object_class"] == "car" and options["method"]["stimuli"] == 8
