"""The stage that takes filters and parts away: what each crop of a class loses, shard by shard, on disk."""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.pipeline import CropBatch, batches
from partsjax.discriminativeness.blackout import CONTROLS, blackout
from partsjax.discriminativeness.findings import ClassDrops
from partsjax.discriminativeness.scores import require_finite_scores
from partsjax.runs import stages
from partsjax.runs.discriminativeness.drop_steps import Steps

DROP_SHARD = 64  # crops computed, kept and resumed as one: a part of a class takes minutes


def blackout_seed(seed: int, crop_id: str, part: str) -> tuple[int, ...]:
    """Of the random places of one part in one crop: no other crop or part changes it."""
    digest = hashlib.sha256(f"{crop_id}\0{part}".encode()).digest()
    return seed, int.from_bytes(digest[:8], "big")


class DropStage:
    """Drops on one class's unseen crops, cached by shard under a key that holds all they depend on."""

    def __init__(
        self,
        cache: stages.Cache,
        steps: Steps,
        crops: Crops,
        crop_digests: Sequence[str],
        chosen: np.ndarray,
        seed: int,
    ):
        """chosen: bool [N, P], which parts of which crops are blacked out; seed: of the controls' places."""
        network, layer = steps.network, steps.layer
        self.crops, self._network, self._steps = crops, network, steps
        self._chosen, self._seed = chosen, seed
        self._label = network.classes.index(crops.object_class)
        self._shards = np.split(np.arange(len(crops)), np.arange(DROP_SHARD, len(crops), DROP_SHARD))
        things = network.apply, network.after, *(image.source for image in crops.images)
        modules = stages.modules_of(*things)
        self.keys = [
            stages.key(
                __name__,
                *modules,
                stage="drops",
                crops=[crop_digests[i] for i in shard],
                blackouts=[_blackout_digest(crops, int(i), chosen[i]) for i in shard],
                network=network.digest,
                preprocessing=dataclasses.astuple(network.preprocessing),
                layer=layer,
                label=[self._label, len(network.classes)],
                parts=crops.parts,
                seed=seed,
            )
            for shard in self._shards
        ]
        place = cache / crops.object_class / layer
        self._entries = [place.entry(f"{n:05d}", key) for n, key in enumerate(self.keys)]

    @property
    def blackouts(self) -> int:
        """How many (crop, part) are blacked out."""
        return int(self._chosen.sum())

    def compute(
        self, batch_size: int, threads: int, skip_bad: bool, advance: Callable[[str, int, str], None]
    ) -> None:
        """Runs the shards that are missing; each is written as soon as it is whole.

        Args:
          batch_size: crops, and blacked-out crops, that the network takes at once.
          advance: progress, `(unit, by, what)` for the units "crops" and "blackouts".
        """
        what = self.crops.object_class
        missing = [n for n, entry in enumerate(self._entries) if not entry.exists()]
        done = [shard for n, shard in enumerate(self._shards) if n not in missing]
        advance("crops", sum(map(len, done)), what)
        advance("blackouts", int(sum(self._chosen[shard].sum() for shard in done)), what)
        if not missing:
            return
        todo, found = list(missing), []
        shards, fill = [self._shards[n] for n in missing], self._network.preprocessing.mean
        for batch in batches(self.crops, shards, batch_size, fill, threads=threads, skip_bad=skip_bad):
            found.append(self._of_batch(batch, batch_size, advance))
            advance("crops", len(batch.index), what)
            if sum(len(arrays["readable"]) for arrays in found) == len(self._shards[todo[0]]):
                whole = {name: np.concatenate([arrays[name] for arrays in found]) for name in found[0]}
                self._entries[todo.pop(0)].save(whole)
                found.clear()

    def _of_batch(self, batch: CropBatch, batch_size: int, advance) -> dict[str, np.ndarray]:
        labels = np.full(batch_size, self._label, np.int32)
        drops = self._steps.ablate(batch.pixels, labels)
        gradient = self._steps.attribute(batch.pixels, labels)
        highest, cells = self._steps.highest(batch.pixels)
        n = len(batch.index)
        scores = np.asarray(drops.scores)[:n]
        require_finite_scores(self._network, scores[batch.readable])
        arrays = {"before": drops.before, "after": drops.after, "gradient": gradient, "highest": highest}
        return {
            **{name: np.asarray(array, np.float32)[:n] for name, array in arrays.items()},
            "cells": np.asarray(cells)[:n],
            "recognized": np.asarray(self._steps.recognize(batch.pixels, labels))[:n],
            **self._blackouts(batch, scores[:, self._label], batch_size, advance),
            "readable": batch.readable,
            "problems": np.array(["\n".join(batch.problems)] + [""] * (n - 1), dtype=np.str_),
        }

    def _blackouts(
        self, batch: CropBatch, intact: np.ndarray, batch_size: int, advance
    ) -> dict[str, np.ndarray]:
        n, parts, size = len(batch.index), len(self.crops.parts), self.crops.size
        scores = np.full((n, parts, 1 + CONTROLS), np.nan, np.float32)
        replaced = np.full((n, parts, 3), np.nan, np.float32)
        places, masks = [], []

        def score() -> None:
            rest = batch_size - len(places)
            rows = np.array([row for row, *_ in places] + [0] * rest, np.int32)
            labels = np.full(batch_size, self._label, np.int32)
            padded = np.concatenate([np.stack(masks), np.zeros((rest, size, size), bool)])
            found = np.asarray(self._steps.black_out(rows, padded, labels, batch.pixels))
            for place, one in zip(places, found, strict=False):
                scores[place] = one
            places.clear()
            masks.clear()

        for row, number in enumerate(batch.index):
            wanted = np.flatnonzero(self._chosen[number])
            advance("blackouts", len(wanted), self.crops.object_class)
            if not batch.readable[row]:
                continue
            shown = self.crops.objects[number]
            for p in wanted:
                name = self.crops.parts[p]
                black = blackout(shown, name, size, blackout_seed(self._seed, self.crops.ids[number], name))
                if not black.part.any():
                    continue
                replaced[row, p] = *black.areas, black.on_part
                for k, mask in enumerate((black.part, *black.controls)):
                    places.append((row, p, k))
                    masks.append(mask)
                    if len(places) == batch_size:
                        score()
        if places:
            score()
        lost = intact[:, None, None] - scores
        return {
            "part": lost[..., 0],
            "controls": lost[..., 1:],
            "areas": replaced[..., 0],
            "control_areas": replaced[..., 1],
            "on_part": replaced[..., 2],
        }

    def load(self) -> ClassDrops:
        """The drops on all readable crops."""
        names = [field.name for field in dataclasses.fields(ClassDrops) if field.name != "columns"]
        loaded = zip(*(entry.load(*names) for entry in self._entries), strict=True)
        readable = self.readable()[0]
        arrays = {n: np.concatenate(pieces)[readable] for n, pieces in zip(names, loaded, strict=True)}
        return ClassDrops(columns=self._steps.columns, **arrays)

    def readable(self) -> tuple[np.ndarray, list[str]]:
        """Which crops could be read, bool [N], and what was wrong with the others."""
        loaded = [entry.load("readable", "problems") for entry in self._entries]
        lines = {line for _, problems in loaded for text in problems for line in str(text).split("\n")}
        return np.concatenate([readable for readable, _ in loaded]), sorted(lines - {""})


def _blackout_digest(crops: Crops, number: int, chosen: np.ndarray) -> str:
    """Of what is blacked out in a crop, and where its controls are."""
    shown = crops.objects[number]
    parts = [(p.name, p.box, p.mask) for p in shown.parts]
    marked = repr((crops.ids[number], shown.box, parts, chosen.tolist()))
    return hashlib.sha256(marked.encode()).hexdigest()
