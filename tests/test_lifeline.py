"""A process ends with the one that started it."""

import os
import signal
import sys
import time

from partsjax.lifeline import call_tied, start_tied

INNER = "from partsjax.lifeline import end_with_parent; end_with_parent(); import time; time.sleep(60)"
OUTER = (
    "import os, sys, time; from partsjax.lifeline import start_tied; "
    f"start_tied([sys.executable, '-c', {INNER!r}]); os.write(1, b'x'); time.sleep(60)"
)


def test_it_ends_although_the_other_was_killed():
    read, write = os.pipe()
    process = start_tied([sys.executable, "-c", OUTER], stdout=write)
    os.close(write)
    started = time.monotonic()
    assert os.read(read, 20) == b"x"
    process.send_signal(signal.SIGKILL)
    assert os.read(read, 20) == b""  # nobody holds the other end
    assert time.monotonic() - started < 30
    process.wait()
    process.stdin.close()
    os.close(read)


def test_what_a_call_prints_is_kept_and_its_status_is_known(tmp_path):
    log = tmp_path / "log"
    log.write_text("before\n")
    code = "import sys; print('it'); print('stderr', file=sys.stderr); sys.exit(3)"
    assert call_tied([sys.executable, "-S", "-c", code], log) == 3
    assert sorted(log.read_text().splitlines()) == ["before", "it", "stderr"]
