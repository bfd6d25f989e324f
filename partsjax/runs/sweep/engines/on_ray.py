"""Workers as tasks of a Ray cluster, or of Ray on this machine."""

import re
import signal
import socket
import subprocess
import sys

from partsjax.errors import InputError, needing
from partsjax.lifeline import TIED, call_tied
from partsjax.runs.sweep.engines.asked import WorkersAsked

_PATIENCE = 30  # seconds to reach the cluster
_ASK = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False)"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RayWorkers:
    """One for each GPU of the cluster, which gives it the GPU; without GPUs, one for each machine."""

    def __init__(self, asked: WorkersAsked):
        with needing("--engine=ray", "ray"):
            import ray
        self._ray = ray
        require_reachable(asked.address)
        handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            ray.init(address=asked.address, include_dashboard=False, log_to_driver=False)
        except Exception as error:  # whatever a cluster may say
            raise InputError(
                f"--address={asked.address}: no Ray cluster ({str(error) or error!r})"
            ) from error
        finally:
            for number, handler in handlers.items():  # Ray has its own for SIGTERM, which ends at once
                signal.signal(number, handler)
        gpus = int(ray.cluster_resources().get("GPU", 0))
        number = asked.workers(gpus or len(ray.nodes()))
        asked.logs.mkdir(parents=True, exist_ok=True)
        call = ray.remote(call_tied).options(num_gpus=1 if gpus else 0, scheduling_strategy="SPREAD")
        command = [*TIED, *asked.arguments]
        self._tasks = [call.remote(command, asked.log(i)) for i in range(number)]

    def alive(self) -> bool:
        return bool(self._ray.wait(self._tasks, num_returns=len(self._tasks), timeout=0)[1])

    def stop(self) -> None:
        for task in self._tasks:
            self._ray.cancel(task)
        self._ray.shutdown()


def require_reachable(address: str) -> None:
    """Raises `InputError` where no Ray answers: `ray.init` itself tries for more than ten minutes."""
    found = re.fullmatch(r"(?:ray://)?\[?(?P<host>[^/]+?)\]?:(?P<port>\d+)", address)
    if found is None:
        return
    try:
        socket.create_connection((found["host"], int(found["port"])), _PATIENCE).close()
        asked = [sys.executable, "-c", _ASK, address]
        done = subprocess.run(asked, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"--address={address}: what answers there is no Ray cluster") from error
    except (OSError, OverflowError) as error:
        raise InputError(
            f"--address={address}: cannot be reached ({error}); start Ray there, or leave it out for "
            "this machine"
        ) from error
    if b"InvalidAuthToken" in done.stderr:
        raise InputError(
            f"--address={address}: the cluster wants a token; set RAY_AUTH_MODE=token and, where "
            "~/.ray/auth_token is not that of the cluster, RAY_AUTH_TOKEN"
        )
