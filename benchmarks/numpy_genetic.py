"""The genetic search for one part's set of filters, vectorized in NumPy, and by pygad: baselines.

As ours (`partsjax.emergence.genetic`), with the exact AP for fitness: every detection is one integer, its
place in the order of all filters' scores and the box it finds, so that a union is sorted as integers; a set
that comes twice in a generation is evaluated once.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Settings:
    population: int = 200
    generations: int = 100
    crossover: float = 0.7
    mutation: float = 0.3
    start: float = 0.02


class Part:
    """Detections of one part in one split, by filter."""

    def __init__(self, scores: np.ndarray, found: np.ndarray, positives: int):
        """scores: float32 [F, K, N]; found: int8 [F, K, N], the box of its crop, -1: none, -2: not there."""
        filters, _, crops = scores.shape
        counted = found != -2
        owner = np.nonzero(counted)[0]
        most = int(found.max(initial=0)) + 1
        box = np.arange(crops) * most + found
        box = np.where(found >= 0, box, -1)[counted]
        _, place = np.unique(-scores[counted], return_inverse=True)
        self.boxes, self.positives = crops * most, positives
        key = place.astype(np.int64) * (self.boxes + 1) + box + 1
        key = key.astype(np.int32) if key.max(initial=0) < 2**31 else key
        self.keys = np.split(key, np.searchsorted(owner, np.arange(1, filters)))

    def ap(self, members: np.ndarray) -> float:
        """Of the union of some filters' detections: exact; equal scores enter as one step."""
        keys = np.concatenate([self.keys[f] for f in members]) if len(members) else np.zeros(0, np.int64)
        if not len(keys) or not self.positives:
            return 0.0
        keys.sort()
        box = keys % (self.boxes + 1)
        hits = np.flatnonzero(box != 0)
        first = np.full(self.boxes + 1, -1)
        first[box[hits][::-1]] = hits[::-1]  # the last that is written, a box's highest, stays
        true = np.sort(first[first >= 0])
        place = keys[true] // (self.boxes + 1)
        found = np.searchsorted(place, place, side="right")
        shown = np.searchsorted(keys, (place + 1) * (self.boxes + 1))
        envelope = np.maximum.accumulate((found / shown)[::-1])
        return float(envelope.sum() / self.positives)


def search(part: Part, best: int, settings: Settings, seed: int) -> tuple[np.ndarray, float]:
    """The fittest set, filters ascending, and its AP; best: the best single filter, one of the first sets."""
    random, filters, size = np.random.default_rng(seed), len(part.keys), settings.population

    def fitness(population: np.ndarray) -> np.ndarray:
        sets, again = np.unique(np.packbits(population, axis=1), axis=0, return_inverse=True)
        sets = np.unpackbits(sets, axis=1, count=filters)
        return np.array([part.ap(np.flatnonzero(z)) for z in sets])[again.ravel()]

    population = random.random((size, filters)) < settings.start
    population[0] = np.arange(filters) == best
    fit = fitness(population)
    for _ in range(settings.generations):
        cumulated = np.cumsum(fit if fit.sum() > 0 else np.ones(size))
        pointers = (np.arange(size) + random.random()) / size * cumulated[-1]
        drawn = np.minimum(np.searchsorted(cumulated, pointers, side="right"), size - 1)
        parents = population[random.permutation(drawn)]
        one, other = parents[: size // 2], parents[size // 2 :]
        crossed = random.random((size // 2, 1)) < settings.crossover
        swap = crossed & (random.random(one.shape) < 0.5)
        children = np.concatenate([np.where(swap, other, one), np.where(swap, one, other)])
        mutated = random.random((size, 1)) < settings.mutation
        children ^= mutated & (random.random(children.shape) < 1 / filters)
        children[0] = population[fit.argmax()]
        population, fit = children, fitness(children)
    return np.flatnonzero(population[fit.argmax()]), float(fit.max())


def pygad_search(part: Part, best: int, settings: Settings, seed: int) -> tuple[np.ndarray, float]:
    """The same by pygad, with settings as near as it offers.

    Bits flip with probability `mutation` / F each; ours flips those of `mutation` of all sets with 1 / F.
    """
    import pygad

    if part.ap(np.array([best])) == 0:  # it cannot draw parents where all fitness is 0
        return np.array([best]), 0.0
    filters = len(part.keys)
    first = np.random.default_rng(seed).random((settings.population, filters)) < settings.start
    first[0] = np.arange(filters) == best
    found = pygad.GA(
        num_generations=settings.generations,
        num_parents_mating=settings.population,
        initial_population=first.astype(int),
        gene_type=int,
        gene_space=[0, 1],
        fitness_func=lambda _, solution, __: part.ap(np.flatnonzero(solution)),
        parent_selection_type="sus",
        crossover_type="uniform",
        crossover_probability=settings.crossover,
        mutation_type="random",
        mutation_probability=settings.mutation / filters,
        keep_parents=0,
        keep_elitism=1,
        random_seed=seed,
        suppress_warnings=True,
    )
    found.run()
    members, ap, _ = found.best_solution(found.last_generation_fitness)
    return np.flatnonzero(members), float(ap)
