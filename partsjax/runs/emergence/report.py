"""The report of a run: what its pages show."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from partsjax.data.crops import Crops
from partsjax.data.dataset import Dataset
from partsjax.emergence.evidence import Detection
from partsjax.emergence.judged import Judged
from partsjax.emergence.own_evidence import part_pixels
from partsjax.emergence.place_prior import truth_of_part
from partsjax.emergence.top_activations import CROPS_KEPT
from partsjax.errors import InputError
from partsjax.reporting import report
from partsjax.runs import manifest
from partsjax.runs.context import Context
from partsjax.runs.emergence.result import Emergence, EmergenceFacts
from partsjax.runs.emergence.unseen_again import unseen_again
from partsjax.runs.gallery import Gallery
from partsjax.runs.workdir import unfinished

_FILTER_PARTS = 10  # parts listed on a filter's page


def draw_emergence_report(folder: Path, found: Emergence, dataset: Dataset | None, context: Context) -> None:
    """Writes the report into `folder`, whole or not at all; dataset: where `found` has no crops."""
    crops = _crops(found, dataset, context)
    gallery = Gallery(crops, found.readable)
    content = _content(found, gallery, crops)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(folder) as place:
        pages = sum(len(pages) for pages in content.filters.values())
        with (
            context.progress({"pictures": len(gallery.asked), "pages": pages}) as advance,
            ThreadPoolExecutor(1) as beside,
        ):
            drawn = beside.submit(
                gallery.draw, place, context.threads, lambda n: advance("pictures", n, "report")
            )
            report.write_emergence_report(
                place, content, lambda n, what: advance("pages", n, f"report: {what}")
            )
            drawn.result()


def _crops(found: Emergence, dataset: Dataset | None, context: Context) -> Mapping[str, Crops]:
    if found.crops is not None:
        return found.crops
    if dataset is None:
        raise InputError(
            "report: its pictures need the dataset, which a result that was read does not hold; give it as "
            "dataset=..."
        )
    return unseen_again(found, dataset, context)


def _content(found: Emergence, gallery: Gallery, crops: Mapping[str, Crops]) -> report.EmergenceReport:
    about, judged = found.about, found.judged
    layers, classes = about.layers, about.classes
    pictures = {}
    for (layer, object_class), of in judged.items():
        for part, (verdict, strongest) in enumerate(
            zip(of.evidence.verdicts, of.evidence.strongest, strict=True)
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
                _blacked_out(found, gallery, crops[object_class], part, strongest.combination)
                if verdict.own_evidence and strongest.combination
                else (),
            )
    of_layer = {layer: {c: judged[layer, c] for c in classes} for layer in layers}
    return report.EmergenceReport(
        title=found.title,
        command=manifest.command(),
        facts=_facts(about),
        layers=layers,
        verdicts=found.verdicts,
        summaries=found.summary,
        pictures=pictures,
        filters={layer: _filter_pages(layer, of_layer[layer], gallery) for layer in layers},
        filter_aps={
            layer: np.concatenate([of.scores.ap_val for of in of_layer[layer].values()], axis=1)
            for layer in layers
        },
        notes=found.notes,
        criteria=found.criteria,
        **({"held": found.described.held, "described": found.described.by_layer} if found.described else {}),
    )


def _blacked_out(
    found: Emergence, gallery: Gallery, crops: Crops, part: int, detections: Sequence[Detection]
) -> tuple[str, str]:
    """Pictures of a crop with the part alone, and with the part hidden; detections: by descending score."""
    crop = next((d.crop for d in detections if d.correct), detections[0].crop)
    number = np.flatnonzero(found.readable[crops.object_class])[[crop]]
    pixels = part_pixels(truth_of_part(crops.truth.select(number), part), crops.size)[0]
    return tuple(
        gallery.blacked(crops.object_class, crop, f"{crops.parts[part]}\0{way}", mask, found.about.mean_color)
        for way, mask in (("alone", ~pixels), ("hidden", pixels))
    )


def _filter_pages(layer: str, of_class: Mapping[str, Judged], gallery: Gallery) -> list[report.FilterPage]:
    filters = len(next(iter(of_class.values())).scores.ap_train)
    names = [(c, v.part) for c, found in of_class.items() for v in found.evidence.verdicts]
    pairs, train, val = (
        np.concatenate([getattr(found.scores, name) for found in of_class.values()], axis=1)
        for name in ("num_pairs", "ap_train", "ap_val")
    )
    order = np.argsort(-np.nan_to_num(train, nan=-1), axis=1, kind="stable")[:, :_FILTER_PARTS]
    pages = []
    for f in range(filters):
        top_activations = [
            (float(fired.scores[f, i]), c, int(fired.crops[f, i]), fired.boxes[f, i])
            for c, fired in ((c, found.top_activations) for c, found in of_class.items())
            for i in range(fired.crops.shape[1])
            if fired.scores[f, i] > 0
        ]
        top_activations.sort(key=lambda activation: -activation[0])
        pages.append(
            report.FilterPage(
                layer,
                f,
                tuple(
                    gallery.shown(c, crop, box, f, score)
                    for score, c, crop, box in top_activations[:CROPS_KEPT]
                ),
                tuple((*names[p], int(pairs[f, p]), float(train[f, p]), float(val[f, p])) for p in order[f]),
            )
        )
    return pages


def _facts(about: EmergenceFacts) -> list[tuple[str, str]]:
    search = about.search
    return [
        ("classes", ", ".join(about.classes)),
        *([("frame", "whole images, squashed to the input")] if about.frame == "image" else []),
        ("search", f"{search.search}, detections of a set ranked by {search.score}"),
        ("NMS across members", "yes" if search.union_nms else "no"),
        ("seed", str(about.seed)),
        *((f"version of {name}", version) for name, version in manifest.versions().items()),
    ]
