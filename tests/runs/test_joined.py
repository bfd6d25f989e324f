"""Training on other devices: eight of one process, or those of two processes, one of which may be killed."""

import signal

import numpy as np
import pytest

from tests import tiny
from tests.runs import joined
from tests.runs.running import rows
from tests.runs.training import parameters

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=4)


@pytest.fixture
def train(folder, tmp_path):
    """Trains in `tmp_path / name` as `joined.trained`: (exit status, lines) of each process."""

    def run(name, count, ends=0, **options):
        asked = {"net": "tests.tiny:network", "dataset": "coco_parts", "data_dir": folder, "hidden": 0}
        asked |= {"steps": 4, "evaluate_every": 2, "batch_size": 8, "workdir": tmp_path / name}
        found = joined.trained(tmp_path / f"{name} {count}", count, **asked | options)
        assert found[0][0] == ends, "\n".join(found[0][1])
        return found

    return run


def test_eight_devices_or_two_processes_of_which_one_is_killed_train_as_one_device_does(train, tmp_path):
    """Killed, process 0 takes the other with it; one process goes on alone where the two stood."""
    train("one", 1)
    train("eight", 1, devices=8)
    _, (status, lines) = train("two", 2, ends=-signal.SIGKILL, dies=(0, 3))
    assert status and len(lines) == 1, lines
    assert "error: another process of this training has ended" in lines[0]
    train("two", 1)
    one = rows(tmp_path / "one" / "metrics.csv")
    assert len(one) == 13 and len({row["value"] for row in one if row["metric"] == "loss"}) == 4
    for name in ("eight", "two"):
        found = rows(tmp_path / name / "metrics.csv")
        assert [{**row, "value": 0} for row in found] == [{**row, "value": 0} for row in one]
        np.testing.assert_allclose(*([float(row["value"]) for row in of] for of in (found, one)), rtol=1e-5)
        other = parameters(tmp_path / name)
        for parameter, value in parameters(tmp_path / "one").items():
            np.testing.assert_allclose(other[parameter], value, rtol=1e-4, atol=1e-6, err_msg=parameter)


def test_processes_that_see_other_images_end_in_one_line(train, folder, tmp_path):
    other = tiny.write_folder(tmp_path / "other", images=4, seed=1)
    for status, lines in train("differ", 2, ends=2, data_dir=[folder, other]):
        assert status == 2
        assert (
            lines[-1] == "error: process 1 sees other images or annotations than process 0: give all the same"
        )


def test_a_process_that_cannot_go_on_takes_the_other_with_it(train, folder, tmp_path):
    """It does not wait for the other, which waits for it."""
    (_, own), (status, lines) = train("missing", 2, ends=2, data_dir=[tmp_path / "nothing", folder])
    assert "no such folder" in own[-1]
    assert status and len(lines) == 1 and "another process of this training has ended" in lines[0], lines


def test_processes_that_do_not_meet_end_in_one_line(train):
    ((_, lines),) = train("alone", 1, ends=-signal.SIGABRT, num_processes=2, patience=2)
    assert len(lines) == 1 and "error: not all processes of this training met within" in lines[0], lines
