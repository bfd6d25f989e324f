"""Makes a study of a finished run's filters: their items, with pictures, in one folder.

  partsjax judging prepare --run=W --layers=conv5 --classes=horse
      Into W/judging.

What serve, summarize and the others take as --study is this folder.
"""

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags

FLAGS = own_flags()
_RUN = flags.DEFINE(PATH, "run", None, "Folder of a finished run of partsjax emergence.", flag_values=FLAGS)


def main() -> None:
    raise NotImplementedError
