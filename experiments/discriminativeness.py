"""The command `partsjax discriminativeness`, from a checkout: `python -m experiments.discriminativeness`."""

from partsjax.cli import discriminativeness
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(discriminativeness)
