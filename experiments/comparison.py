"""The command `partsjax comparison`, from a checkout: `python -m experiments.comparison`."""

from partsjax.cli import comparison
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(comparison)
