"""How many raters and items an interval of a given width takes, and what they cost.

  partsjax judging plan --width=0.1
      For a fraction of semantic parts known to within 10 percentage points, from end to end.
  partsjax judging plan --width=0.1 --fraction=0.07 --accuracy=0.7 --pay=12 --seconds=20
      With what is expected of filters and raters, pay an hour and seconds an item.

Each line is found by simulating studies of growing size, until the 95% interval over filters and raters is as
narrow as asked. Raters are simulated: they err at the rate of --accuracy, each in ways of their own.
"""

from absl import flags

from partsjax.cli.subcommands import own_flags

COMPUTES = False
FLAGS = own_flags()
_WIDTH = flags.DEFINE_float(
    "width",
    0.1,
    "Of the 95% interval, from end to end.",
    lower_bound=0.01,
    upper_bound=1.0,
    flag_values=FLAGS,
)
_FRACTION = flags.DEFINE_float(
    "fraction",
    0.3,
    "What the fraction of semantic parts is expected to be.",
    lower_bound=0.01,
    upper_bound=0.99,
    flag_values=FLAGS,
)
_ACCURACY = flags.DEFINE_float(
    "accuracy",
    0.8,
    "How often a rater's answer is expected to be right; the gold scores of a few raters say it.",
    lower_bound=0.2,
    upper_bound=1.0,
    flag_values=FLAGS,
)
_PAY = flags.DEFINE_float("pay", 12.0, "Of a rater, for an hour.", lower_bound=0.0, flag_values=FLAGS)
_SECONDS = flags.DEFINE_float(
    "seconds", 20.0, "That an item takes.", lower_bound=1.0, upper_bound=3600.0, flag_values=FLAGS
)
_PER_ITEM = (3, 5)
_RATERS = (6, 12, 24)


def main() -> None:
    from rich.text import Text

    from partsjax.cli.terminal import Terminal
    from partsjax.judging.planning import CHECKS, LEARNING, Aim, plans
    from partsjax.reporting.judging.judging_terminal import plans_table

    terminal = Terminal()
    aim = Aim(_WIDTH.value, _FRACTION.value, _ACCURACY.value, _PAY.value, _SECONDS.value)
    found, name = [], "sizes of a study"
    with terminal.progress({name: len(_PER_ITEM) * len(_RATERS)}) as advance:
        for plan in plans(aim, _PER_ITEM, _RATERS, seed=0):
            found.append(plan)
            advance(name, 1, "simulated")
    terminal.show(
        Text(
            f"For a 95% interval of {aim.width:g} around a fraction of {aim.fraction:g}, with answers that "
            f"are right {100 * aim.accuracy:.0f}% of the time:"
        )
    )
    terminal.show(plans_table(found))
    terminal.show(
        Text(
            f"items: of filters, each judged by so many raters. items a rater: {100 * CHECKS:.0f}% of them "
            f"gold and repeated. hours: {aim.seconds:g} s an item, {LEARNING / 60:.0f} minutes for "
            f"instructions. cost: at {aim.pay:g} an hour, without what a platform takes."
        )
    )
