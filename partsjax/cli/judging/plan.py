"""Not there yet."""

from partsjax.cli.subcommands import own_flags
from partsjax.errors import InputError

COMPUTES = False
FLAGS = own_flags()


def main() -> None:
    raise InputError("this subcommand is not there yet")
