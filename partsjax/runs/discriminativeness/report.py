"""The page of a discriminativeness run: what it shows of each class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.discriminativeness.blackout import blackout
from partsjax.discriminativeness.findings import ClassDrops, ClassFindings, LayerFindings
from partsjax.emergence.verdict import Verdict
from partsjax.networks.protocol import Network
from partsjax.reporting import discriminative as page
from partsjax.reporting.report import Shown
from partsjax.runs import manifest
from partsjax.runs.discriminativeness.drop_stage import DropStage
from partsjax.runs.gallery import Gallery
from partsjax.runs.workdir import unfinished

_FIRINGS = 6  # crops shown a filter
_PLACES = ("largest drop", "middle", "smallest")  # of the crops shown a part


def build_discriminativeness_report(
    folder: Path,
    question,
    network: Network,
    found: LayerFindings,
    drops: Mapping[str, ClassDrops],
    stages: Mapping[str, DropStage],
    threads: int,
    notes: Sequence[str],
) -> page.DiscriminativenessReport:
    """Writes `report/` of a run's folder, whole or not at all; returns what its page shows."""
    gallery = Gallery(stages)
    shown = _Pictures(gallery, network, found.classes[0].layer, stages, drops)
    content = _content(question, found, shown, notes)
    with unfinished(folder / "report") as place:
        gallery.draw(place, threads, lambda count: None)
        page.write_discriminativeness_report(place, content)
    return content


class _Pictures:
    """Asks for the pictures of a class's filters and parts."""

    def __init__(self, gallery: Gallery, network: Network, layer: str, stages, drops):
        self._gallery, self._network, self._stages, self._drops = gallery, network, stages, drops
        self._field = network.fields[layer]

    def top_activations(self, object_class: str, number: int) -> tuple[Shown, ...]:
        """The crops that excite a filter most, with the receptive field of its highest activation."""
        drops, size = self._drops[object_class], self._network.input_size
        peaks = drops.peaks[:, number]
        shown = []
        for crop in np.argsort(-peaks, kind="stable")[:_FIRINGS]:
            if peaks[crop] <= 0:
                break
            row, column = divmod(int(drops.cells[crop, number]), drops.columns)
            centre = [self._field.center + 0.5 + self._field.stride * cell for cell in (column, row)]
            corners = [c + half for half in (-self._field.size / 2, self._field.size / 2) for c in centre]
            box = np.clip(corners, 0, size)
            shown.append(self._gallery.shown(object_class, int(crop), box, number, peaks[crop]))
        return tuple(shown)

    def blacked(self, object_class: str, part: int) -> tuple[page.Blacked, ...]:
        """The crops whose score drops most, in the middle and least without a part."""
        drops, stage = self._drops[object_class], self._stages[object_class]
        known = np.flatnonzero(~np.isnan(drops.part[:, part]))
        order = known[np.argsort(-drops.part[known, part], kind="stable")]
        if not len(order):
            return ()
        at = dict.fromkeys((0, len(order) // 2, len(order) - 1))
        name = stage.crops.parts[part]
        return tuple(
            page.Blacked(
                which,
                self._gallery.picture(object_class, crop),
                self._gallery.blacked(
                    object_class, crop, name, self._mask(stage, crop, name), self._network.preprocessing.mean
                ),
                self._gallery.name(object_class, crop),
                self._gallery.truth(object_class, part, crop),
                float(drops.part[crop, part]),
                float(drops.controls[crop, part].mean()),
            )
            for which, crop in zip(_PLACES, (int(order[i]) for i in at), strict=False)
        )

    @staticmethod
    def _mask(stage: DropStage, crop: int, part: str) -> np.ndarray:
        number = int(np.flatnonzero(stage.readable()[0])[crop])
        return blackout(stage.crops.objects[number], part, stage.crops.size, (0,), controls=0).part


def _content(
    question, found: LayerFindings, pictures: _Pictures, notes: Sequence[str]
) -> page.DiscriminativenessReport:
    job = question.job
    return page.DiscriminativenessReport(
        title=f"What class scores rest on: {job.net} ({job.weights}) on {job.dataset}",
        command=manifest.command(),
        facts=[
            ("emergence", question.emergence or "measured by this run, in its folder emergence/"),
            ("images", "unseen ones (val)"),
            ("seed", str(job.seed)),
            *((f"version of {name}", version) for name, version in manifest.versions().items()),
        ],
        layer=found.classes[0].layer,
        filters=len(found.sharing.classes),
        deviations=question.deviations,
        after_softmax=question.after_softmax,
        classes=[_class_page(c, found, pictures) for c in found.classes],
        sharing=found.sharing.histogram.tolist(),
        paper=found.overlap["paper"],
        strict=found.overlap["strict"],
        with_ap=found.with_ap.over_things,
        drop_with_ap=found.drop_with_ap.over_things,
        control_with_ap=found.control_with_ap.over_things,
        notes=notes,
    )


def _class_page(c: ClassFindings, found: LayerFindings, pictures: _Pictures) -> page.ClassPage:
    deciding = c.before.delta.value
    order = [int(f) for f in np.argsort(-deciding, kind="stable") if c.discriminative[f]]
    differences = [-np.inf if not part.crops else part.difference.value for part in c.parts]
    return page.ClassPage(
        object_class=c.object_class,
        crops=c.crops,
        filters=[_filter_row(c, f, found, pictures) for f in order],
        parts=[_part_row(c, int(p), pictures) for p in np.argsort(-np.array(differences), kind="stable")],
        counts=c.counts,
        paper=c.overlap["paper"],
        strict=c.overlap["strict"],
        gradient=c.gradient_correlation.over_images,
        with_ap=c.with_ap.over_things,
    )


def _filter_row(c: ClassFindings, f: int, found: LayerFindings, pictures: _Pictures) -> page.FilterRow:
    others = [o.object_class for o in found.classes if o is not c and o.discriminative[f]]
    return page.FilterRow(
        filter=f,
        delta=c.before.delta[f].estimate,
        after_softmax=float(c.after.delta.value[f]),
        share=float(c.before.share[f]),
        gradient=float(c.gradient.value[f]),
        classes=tuple(others),
        uses=tuple(_use(v, f) for v in c.verdicts if f == v.best_filter or f in v.combination),
        semantic_paper=bool(c.semantic["paper"][f]),
        semantic_strict=bool(c.semantic["strict"][f]),
        top_activations=pictures.top_activations(c.object_class, f),
    )


def _use(v: Verdict, number: int) -> page.ClassUse:
    best = number == v.best_filter
    return page.ClassUse(
        part=v.part,
        best=best,
        size=len(v.combination),
        ap_val=v.best_filter_ap_val.value if best else v.combination_ap_val.value,
        paper=v.emerges_paper if v.judged else None,
        strict=v.emerges_strict if v.judged else None,
    )


def _part_row(c: ClassFindings, p: int, pictures: _Pictures) -> page.PartRow:
    part, v = c.parts[p], c.verdicts[p]
    return page.PartRow(
        part=v.part,
        crops=part.crops,
        drop=part.drop.estimate,
        control=part.control.estimate,
        difference=part.difference.estimate,
        area=part.area,
        per_area=part.per_area.estimate,
        discriminative=part.discriminative,
        ap_train=v.combination_ap_train,
        ap_val=v.combination_ap_val,
        paper=v.emerges_paper if v.judged else None,
        strict=v.emerges_strict if v.judged else None,
        blacked=pictures.blacked(c.object_class, p),
    )
