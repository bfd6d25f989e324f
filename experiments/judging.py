"""The command `partsjax judging`, from a checkout: `python -m experiments.judging SUBCOMMAND`."""

from partsjax.cli import judging
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(judging)
