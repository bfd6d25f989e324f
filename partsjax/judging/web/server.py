"""A study's pages, served by this process until it is stopped."""

import contextlib
import errno
import socket
from pathlib import Path

import uvicorn

from partsjax.errors import InputError
from partsjax.judging.web.app import application
from partsjax.judging.web.serving import Serving


def listening(host: str, port: int) -> socket.socket:
    """A socket that accepts connections; port 0 takes any that is free.

    Raises:
      InputError: the port is in use, or the host is none of this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"--host={host}: {error.strerror}; give an address of this machine") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(512)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError(f"--host={host}: {error.strerror}; give an address of this machine") from error
        raise InputError(f"--port={port}: {error.strerror} on {host}; choose another") from error
    return made


def serve(folder: Path, serving: Serving, place: socket.socket) -> None:
    """Serves until a signal to stop; requests under way are finished first.

    Nothing is logged of requests: their addresses hold tokens.
    """
    config = uvicorn.Config(
        application(folder, serving),
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=1000,
        timeout_graceful_shutdown=3,
    )
    with contextlib.closing(place):
        uvicorn.Server(config).run(sockets=[place])
