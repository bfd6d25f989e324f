"""Learning rates: schedules, and AdamW at two speeds."""

import jax
import optax
from flax import nnx

from partsjax.networks.modules import name_of
from partsjax.supervision.recipe import Recipe

_WARMUP = 0.05  # of all steps


def learning_rate(recipe: Recipe, peak: float) -> optax.Schedule:
    """The schedule of `recipe` with highest value `peak`."""
    warmup = max(1, round(_WARMUP * recipe.steps))
    rise = optax.linear_schedule(peak / warmup, peak, warmup)
    rest = max(1, recipe.steps - warmup)
    if recipe.schedule == "cosine":
        then = optax.cosine_decay_schedule(peak, rest)
    elif recipe.schedule == "steps":
        then = optax.piecewise_constant_schedule(peak, {rest // 3: 0.1, 2 * rest // 3: 0.1})
    else:
        then = optax.constant_schedule(peak)
    return optax.join_schedules([rise, then], [warmup])


def two_speeds(recipe: Recipe, new: frozenset[str]) -> optax.GradientTransformation:
    """AdamW at two speeds: new layers learn faster, as in R-CNN.

    (Our choice. R-CNN's gradient descent with momentum overshoots with a compact head of random values.)
    """

    def kernels(tree):
        return jax.tree.map(lambda value: value.ndim > 1, tree)

    def speeds(tree):
        return nnx.map_state(lambda path, value: "new" if name_of(path) in new else "given", tree)

    def at(peak: float) -> optax.GradientTransformation:
        return optax.adamw(learning_rate(recipe, peak), weight_decay=recipe.weight_decay, mask=kernels)

    return optax.partition({"given": at(recipe.learning_rate), "new": at(recipe.new_learning_rate)}, speeds)
