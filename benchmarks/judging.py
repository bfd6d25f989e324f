"""Fifty raters at once, over loopback: how long an answer and the next item take together.

  python -m benchmarks.judging

Each sends its answer as soon as it has the page, and fetches ten pictures with it: no person is that quick.
Server and raters share the machine.
"""

import resource
import tempfile
import time
from pathlib import Path

from benchmarks.sections import Section, publish
from tests.judging import studies
from tests.judging.web import crowd

RATERS = 50
BATCHES = 4


def section(_: str | None) -> Section:
    study = studies.study(filters=200, batch_size=20, raters_per_item=20)
    with tempfile.TemporaryDirectory() as place:
        folder = studies.folder(Path(place) / "S", study, draw=True)
        cookie = f"rater_{study.digest[:12]}"
        rows, numbers = [], {}
        for name, pictures in (("answers and pages", False), ("pictures, too", True)):
            raters = [crowd.Rater(cookie, token, pictures) for token in crowd.tokens(folder, RATERS)]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with crowd.served(folder, batches=BATCHES) as (_, port):
                start = time.perf_counter()
                crowd.work_at_once(raters, port)
                seconds = time.perf_counter() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            answers = sum(len(rater.acknowledged) for rater in raters)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            shares = [1000 * crowd.quantile(raters, share) for share in (0.5, 0.95, 0.99)]
            rows.append(
                f"| {name} | {answers} | {answers / seconds:.0f} | {1000 * spent / answers:.1f} | "
                f"{' | '.join(f'{one:.0f}' for one in shares)} |"
            )
            numbers[name] = {"answers": answers, "per_second": answers / seconds, "milliseconds": shares}
    text = "\n".join(
        [
            f"{RATERS} raters at once, without a pause between answers, each kept on the disk first:",
            "",
            "| asked for | answers | a second | server's processor time, ms each | median, ms | 95% | 99% |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
    )
    return Section("A study with many raters at once", text, numbers)


if __name__ == "__main__":
    publish("judging", section, device_a_core=False)
