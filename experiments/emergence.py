"""The command `partsjax emergence`, from a checkout: `python -m experiments.emergence`."""

from partsjax.cli import emergence
from partsjax.cli.starting import start

if __name__ == "__main__":
    start(emergence)
