"""The terminal: progress and notes on stderr, tables and paths on stdout."""

from rich.console import Console

from partsjax.errors import printable
from partsjax.progress import bars


class _Console(Console):
    """Shows text as it is: names may look like markup or emoji codes, and hold anything."""

    def __init__(self, **options):
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """Goes on without progress and notes once nobody reads them; for results, the caller must know."""
        if not self.stderr:
            raise  # what rich is handling
        self.quiet = True


class Terminal:
    """Where a command reports to a person; progress: as `Context` has it."""

    def __init__(self):
        self._out, self._err = _Console(), _Console(stderr=True)
        self.progress = bars(self._err)

    @property
    def width(self) -> int:
        """Of tables, in columns."""
        return self._out.width

    def say(self, text: str) -> None:
        """One line, however long."""
        self._err.print(printable(text), soft_wrap=True)

    def note(self, text: str) -> None:
        """Says what a reader of the results has to know."""
        self.say(f"note: {text}")

    def show(self, table) -> None:
        """A table or rich text, as wide as the terminal; or a line of text, however long."""
        self._out.print(table, soft_wrap=isinstance(table, str))
