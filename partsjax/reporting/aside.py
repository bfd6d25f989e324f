"""What a run says that is a step of another: its progress and notes, but no tables."""

from partsjax.reporting.terminal import Terminal


class Aside(Terminal):
    """A terminal for the step of a larger run, whose own tables come at its end."""

    def __init__(self, terminal: Terminal):
        """`terminal`: the larger run's."""
        self._out, self._err, self._noted = terminal._out, terminal._err, terminal._noted

    def verdicts(self, verdicts, summaries) -> None:
        """Nothing."""

    def done(self, folder, seconds) -> None:
        """Nothing."""
