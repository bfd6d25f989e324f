"""The command `partsjax supervision`, from a checkout: `python -m experiments.supervision`."""

from partsjax.cli import supervision
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(supervision)
