"""Files of descriptions: what is read of them, and what is refused, in one line that says where."""

import pandas as pd
import pytest

from partsjax.emergence.descriptions import Description, read_descriptions
from partsjax.errors import InputError


def read(tmp_path, content: str | bytes):
    path = tmp_path / "units.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_descriptions(path)


def test_rows_are_read(tmp_path):
    found = read(
        tmp_path,
        '\ufeff Layer,score ,DESCRIPTION,neuron\r\nconv5,0.5,"ears, of ""dogs""",7\r\n\r\n'
        'conv4,0.1," a\ttail\n  of\x07it ",12.0\r\nconv4,0.1,Ohr 耳,12\r\n',
    )
    assert found.source == str(tmp_path / "units.csv")
    assert found.rows == (
        Description("line 2", "conv5", 7, 'ears, of "dogs"'),
        Description("line 5", "conv4", 12, "a tail of\ufffdit"),
        Description("line 6", "conv4", 12, "Ohr 耳"),
    )


@pytest.mark.parametrize("unit", ["unit", "filter", "neuron"])
@pytest.mark.parametrize("text", ["text", "description", "label"])
def test_other_names_of_columns(tmp_path, unit, text):
    assert read(tmp_path, f"{text},{unit},layer\near,3,conv5").rows[0].filter == 3
    frame = pd.DataFrame({"layer": ["conv5"], unit: [3.0], text: ["ear"], "more": [None]})
    assert read_descriptions(frame).rows == (Description("row 0", "conv5", 3, "ear"),)


HEADER = "layer,unit,text\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no column layer in its header: nothing"),
        ("\n\n", "no column layer in its header: nothing"),
        (HEADER, "no description in it; give a row for each"),
        ("layer;unit;text\nconv5;1;ear", "no column layer in its header: layer;unit;text"),
        ("layer,text\nconv5,ear", r"no column unit \(or filter or neuron\) in its header: layer, text"),
        ("layer,unit\nconv5,1", r"no column text \(or description or label\) in its header: layer, unit"),
        ("layer,unit,neuron,text\n", r"two columns for unit \(or filter or neuron\) in its header"),
        (HEADER + "conv5,1,ear, of a dog", "line 2: 4 cells where the header has 3; put text with commas"),
        (HEADER + "conv5,1,ear\nconv5,2", "line 3: 2 cells where the header has 3"),
        (HEADER + "conv5,,ear", "line 2: unit ''; give a whole number of at least 0"),
        (HEADER + "conv5,-1,ear", "line 2: unit '-1'; give a whole number"),
        (HEADER + "conv5,1.5,ear", "line 2: unit '1.5'; give"),
        (HEADER + "conv5,1e3,ear", "line 2: unit '1e3'; give"),
        (HEADER + "conv5,٣,ear", "line 2: unit '٣'; give"),
        (HEADER + "conv5," + "9" * 5000 + ",ear", "line 2: unit '9+; give"),
        (HEADER + "conv5,nan,ear", "line 2: unit 'nan'; give"),
        (HEADER + "conv5,1,  ", "line 2: text is empty; fill it in"),
        (HEADER + ",1,ear", "line 2: layer is empty; fill it in"),
        (HEADER + "conv5,1,ear\nconv4,1,ear\nconv5,1, EAR ", "line 4: the same as line 2; keep one"),
        (HEADER + 'conv5,1,"ear', "not CSV"),
        (HEADER + 'conv5,1,"ear"s', "not CSV"),
        (HEADER + "conv5,1," + "e" * 200_000, "not CSV"),
        (
            (HEADER + "conv5,1,ear").encode("utf-16"),
            r"cannot be read \(not UTF-8\); give a CSV file in UTF-8",
        ),
        ((HEADER + "conv5,1,Öhr").encode("latin-1"), r"cannot be read \(not UTF-8\)"),
        (b"PK\x03\x04\x00\x00" + bytes(range(256)), "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(InputError, match=f"units.csv: {said}") as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: not found"):
        read_descriptions(tmp_path / "none.csv")
    for path in (tmp_path, "a\0b"):
        with pytest.raises(InputError, match="cannot be read"):
            read_descriptions(path)
    with pytest.raises(InputError, match="neither a path nor a frame but 3"):
        read_descriptions(3)


def test_frames_say_which_row(tmp_path):
    good = {"layer": "conv5", "unit": 1, "text": "ear"}
    for bad, said in [
        ({"unit": None}, "unit ''"),
        ({"text": pd.NA}, "text is empty"),
        ({"unit": True}, "True"),
    ]:
        frame = pd.DataFrame([good, {**good, "unit": 2}, {**good, **bad}]).astype(object)
        with pytest.raises(InputError, match=f"descriptions: row 2: .*{said}"):
            read_descriptions(frame)


def test_layers_and_filters_that_are_not_there(tmp_path):
    found = read(tmp_path, HEADER + "conv4,7,ear\nconv5,3,ear")
    found.require_filters({"conv4": 8, "conv5": 4})
    with pytest.raises(InputError, match=r"line 3: layer 'conv5' is not measured; .*choose from: conv4"):
        found.require_filters({"conv4": 8})
    with pytest.raises(InputError, match="line 2: unit 7 of layer conv4, which has 7; give 0 to 6"):
        found.require_filters({"conv4": 7, "conv5": 4})
