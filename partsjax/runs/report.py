"""The report of a run: small pictures of the crops it shows, and its pages."""

import collections
import concurrent.futures
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from partsjax.data.crops import Crops, warp
from partsjax.emergence.evidence import Detection
from partsjax.emergence.firings import SHOWN
from partsjax.emergence.verdict import LayerSummary
from partsjax.reporting import report
from partsjax.reporting.terminal import Terminal
from partsjax.runs import manifest
from partsjax.runs.evidence_stage import Judged
from partsjax.runs.options import Options
from partsjax.runs.stimulus_stage import StimulusStage
from partsjax.runs.workdir import unfinished

PICTURE = 128  # side of the small pictures, in pixels
_FILTER_PARTS = 10  # parts listed on a filter's page


def build_report(
    folder: Path,
    options: Options,
    judged: Mapping[tuple[str, str], Judged],
    summaries: Mapping[str, LayerSummary],
    stages: Mapping[str, StimulusStage],
    threads: int,
    terminal: Terminal,
) -> None:
    """Writes `report/` of a run's folder, whole or not at all.

    Args:
      judged: by (layer, class), in order; summaries: by layer; stages: of each class's unseen crops.
    """
    gallery = _Gallery(stages)
    content = _content(options, judged, summaries, gallery)
    with unfinished(folder / "report") as place:
        pages = sum(len(pages) for pages in content.filters.values())
        with terminal.progress({"pictures": len(gallery.asked), "pages": pages}) as advance:
            gallery.draw(place, threads, lambda n: advance("pictures", n, "report"))
            report.write_report(place, content, lambda n, what: advance("pages", n, f"report: {what}"))


class _Gallery:
    """Small pictures of crops, of which only those asked for are drawn."""

    def __init__(self, stages: Mapping[str, StimulusStage]):
        self._crops: dict[str, Crops] = {name: stage.crops for name, stage in stages.items()}
        self._readable = {name: np.flatnonzero(stage.readable()[0]) for name, stage in stages.items()}
        self.asked: dict[tuple[str, int], str] = {}

    def shown(self, object_class: str, crop: int, box, filter_: int, score: float, **more) -> report.Shown:
        """A detection on one of the class's readable crops; box: `xyxy` in crop pixels."""
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        name = crops.ids[number]
        digest = hashlib.sha256(f"{object_class}\0{name}".encode()).hexdigest()
        picture = self.asked.setdefault((object_class, number), f"crops/{digest[:16]}.webp")
        return report.Shown(
            picture, name, object_class, self._fractions(box, crops.size), filter_, float(score), **more
        )

    def truth(self, object_class: str, part: int, crop: int) -> tuple[report.records.Box, ...]:
        crops, number = self._crops[object_class], int(self._readable[object_class][crop])
        boxes = crops.truth.boxes[:, part, crops.truth.valid[part, :, number], number]
        return tuple(self._fractions(box, crops.size) for box in boxes.T)

    @staticmethod
    def _fractions(box, size: int) -> report.records.Box:
        return tuple(round(float(v) / size, 4) for v in box)

    def draw(self, folder: Path, threads: int, advance) -> None:
        """Draws all pictures asked for into `folder`; an image is read once."""
        (folder / "crops").mkdir(parents=True)
        by_image = collections.defaultdict(list)
        for (object_class, number), picture in self.asked.items():
            crops = self._crops[object_class]
            image = crops.images[crops.image_index[number]]
            by_image[image.image_id].append((image, crops.object_boxes[number], folder / picture))

        def draw(jobs) -> int:
            pixels = jobs[0][0].source.read()
            mean = pixels.mean(axis=(0, 1))
            for _, box, path in jobs:
                # Warped at twice the size and halved: the warp itself does not smooth.
                crop = warp(pixels, box, 2 * PICTURE, mean).round().astype(np.uint8)
                small = Image.fromarray(crop).resize((PICTURE, PICTURE), Image.Resampling.BOX)
                small.save(path, quality=70, method=2)
            return len(jobs)

        with concurrent.futures.ThreadPoolExecutor(max_workers=threads) as pool:
            for count in pool.map(draw, by_image.values()):
                advance(count)


def _content(
    options: Options,
    judged: Mapping[tuple[str, str], Judged],
    summaries: Mapping[str, LayerSummary],
    gallery: _Gallery,
) -> report.Content:
    layers = list(dict.fromkeys(layer for layer, _ in judged))
    classes = list(dict.fromkeys(object_class for _, object_class in judged))
    pictures = {}
    for (layer, object_class), found in judged.items():
        for part, (verdict, strongest) in enumerate(
            zip(found.evidence.verdicts, found.evidence.strongest, strict=True)
        ):

            def shown(detections: Sequence[Detection], object_class=object_class, part=part):
                return tuple(
                    gallery.shown(
                        object_class,
                        d.crop,
                        d.box,
                        d.filter,
                        d.score,
                        truth=gallery.truth(object_class, part, d.crop),
                        correct=d.correct,
                    )
                    for d in detections
                )

            pictures[layer, object_class, verdict.part] = report.PartPictures(
                shown(strongest.best),
                shown(strongest.best_false),
                shown(strongest.combination),
                shown(strongest.combination_false),
            )
    of_layer = {layer: {c: judged[layer, c] for c in classes} for layer in layers}
    return report.Content(
        title=f"{options.net} ({options.weights}) on {options.dataset}",
        command=manifest.command(),
        facts=_facts(options, classes),
        layers=layers,
        verdicts=[v for found in judged.values() for v in found.evidence.verdicts],
        summaries=summaries,
        pictures=pictures,
        filters={layer: _filter_pages(layer, of_layer[layer], gallery) for layer in layers},
        filter_aps={
            layer: np.concatenate([found.scores.ap_val for found in of_layer[layer].values()], axis=1)
            for layer in layers
        },
        nulls=options.nulls,
    )


def _filter_pages(layer: str, of_class: Mapping[str, Judged], gallery: _Gallery) -> list[report.FilterPage]:
    filters = len(next(iter(of_class.values())).scores.ap_train)
    names = [(c, v.part) for c, found in of_class.items() for v in found.evidence.verdicts]
    pairs, train, val = (
        np.concatenate([getattr(found.scores, name) for found in of_class.values()], axis=1)
        for name in ("num_pairs", "ap_train", "ap_val")
    )
    order = np.argsort(-np.nan_to_num(train, nan=-1), axis=1, kind="stable")[:, :_FILTER_PARTS]
    pages = []
    for f in range(filters):
        firings = [
            (float(fired.scores[f, i]), c, int(fired.crops[f, i]), fired.boxes[f, i])
            for c, fired in ((c, found.firings) for c, found in of_class.items())
            for i in range(fired.crops.shape[1])
            if fired.scores[f, i] > 0
        ]
        firings.sort(key=lambda firing: -firing[0])
        pages.append(
            report.FilterPage(
                layer,
                f,
                tuple(gallery.shown(c, crop, box, f, score) for score, c, crop, box in firings[:SHOWN]),
                tuple((*names[p], int(pairs[f, p]), float(train[f, p]), float(val[f, p])) for p in order[f]),
            )
        )
    return pages


def _facts(options: Options, classes: Sequence[str]) -> list[tuple[str, str]]:
    search = options.search
    return [
        ("classes", ", ".join(classes)),
        ("search", f"{search.search}, detections of a set ranked by {search.score}"),
        ("NMS across members", "yes" if search.union_nms else "no"),
        ("seed", str(options.seed)),
        *((f"version of {name}", version) for name, version in manifest.versions().items()),
    ]
