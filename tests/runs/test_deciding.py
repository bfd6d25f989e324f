from partsjax.data.reader_options import ReaderOptions
from partsjax.runs.deciding import deciding
from partsjax.runs.options import Options
from partsjax.runs.workdir import claim


def test_a_permission_is_no_part_of_what_a_folder_is_claimed_for(tmp_path):
    before, after = (Options(reader=ReaderOptions(allow_duplicates=allowed)) for allowed in (False, True))
    assert deciding(before) == deciding(after)
    claim(tmp_path, deciding(before))
    claim(tmp_path, deciding(after))


def test_what_decides_is_there_at_every_depth():
    options = deciding(Options(reader=ReaderOptions(object_class="car")))
    assert options["reader"]["object_class"] == "car" and options["method"]["stimuli"] == 8
