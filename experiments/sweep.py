"""The command `partsjax sweep`, from a checkout: `python -m experiments.sweep`."""

from partsjax.cli import sweep
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(sweep)
