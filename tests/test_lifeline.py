"""A process ends with the one that started it."""

import os
import signal
import sys
import time

from partsjax.lifeline import start_tied

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
