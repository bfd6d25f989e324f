"""Imported by the process that others are forked from, so that none of them reads all of our code anew."""

import altair  # noqa: F401, not imported by what follows before a chart is drawn

from partsjax.runs import code, comparison, discriminativeness, supervision

code.closure(comparison.__name__, discriminativeness.__name__, supervision.__name__)
