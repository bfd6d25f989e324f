"""The page of a discriminativeness run: what it shows of each class."""

from pathlib import Path

import numpy as np

from partsjax.discriminativeness.findings import ClassFindings, LayerFindings
from partsjax.discriminativeness.relation import CRITERIA
from partsjax.emergence.verdict import Verdict
from partsjax.reporting import discriminative as page
from partsjax.reporting.report import Shown
from partsjax.runs import manifest
from partsjax.runs.context import Context
from partsjax.runs.discriminativeness.result import Discriminativeness
from partsjax.runs.gallery import Gallery
from partsjax.runs.workdir import unfinished

_TOP_ACTIVATIONS = 6  # crops shown a filter
_PLACES = ("largest drop", "middle", "smallest")  # of the crops shown a part


def draw_discriminativeness_report(folder: Path, found: Discriminativeness, context: Context) -> None:
    """Writes the report into `folder`, whole or not at all."""
    gallery = Gallery(found.crops, found.readable)
    content = _content(found, _Pictures(gallery, found))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(folder) as place:
        with context.progress({"pictures": len(gallery.asked)}) as advance:
            gallery.draw(place, context.threads, lambda n: advance("pictures", n, "report"))
        page.write_discriminativeness_report(place, content)


class _Pictures:
    """Asks for the pictures of a class's filters and parts."""

    def __init__(self, gallery: Gallery, found: Discriminativeness):
        self._gallery, self._found, self._drops = gallery, found, found.drops
        self._network, self._field = found.network, found.network.fields[found.layer]

    def top_activations(self, object_class: str, number: int) -> tuple[Shown, ...]:
        """The crops that excite a filter most, with the receptive field of its highest activation."""
        drops, size = self._drops[object_class], self._network.input_size
        highest = drops.highest[:, number]
        shown = []
        for crop in np.argsort(-highest, kind="stable")[:_TOP_ACTIVATIONS]:
            if highest[crop] <= 0:
                break
            row, column = divmod(int(drops.cells[crop, number]), drops.columns)
            centre = [self._field.center + 0.5 + self._field.stride * cell for cell in (column, row)]
            corners = [c + half for half in (-self._field.size / 2, self._field.size / 2) for c in centre]
            box = np.clip(corners, 0, size)
            shown.append(self._gallery.shown(object_class, int(crop), box, number, highest[crop]))
        return tuple(shown)

    def blacked(self, object_class: str, part: int) -> tuple[page.Blacked, ...]:
        """The crops whose score drops most, in the middle and least without a part."""
        drops, crops = self._drops[object_class], self._found.crops[object_class]
        known = np.flatnonzero(~np.isnan(drops.part[:, part]))
        order = known[np.argsort(-drops.part[known, part], kind="stable")]
        if not len(order):
            return ()
        at = dict.fromkeys((0, len(order) // 2, len(order) - 1))
        name = crops.parts[part]
        return tuple(
            page.Blacked(
                which,
                self._gallery.picture(object_class, crop),
                self._gallery.blacked(
                    object_class,
                    crop,
                    name,
                    self._mask(object_class, crop, name),
                    self._network.preprocessing.mean,
                ),
                self._gallery.name(object_class, crop),
                self._gallery.truth(object_class, part, crop),
                float(drops.part[crop, part]),
                float(drops.controls[crop, part].mean()),
            )
            for which, crop in zip(_PLACES, (int(order[i]) for i in at), strict=False)
        )

    def _mask(self, object_class: str, crop: int, part: str) -> np.ndarray:
        """The part's pixels in a readable crop."""
        number = int(np.flatnonzero(self._found.readable[object_class])[crop])
        return self._found.crops[object_class].part_masks(number, part).any(axis=0)


def _content(found: Discriminativeness, pictures: _Pictures) -> page.DiscriminativenessReport:
    about, of = found.about, found.findings
    of_weights = f" ({about.weights})" if about.weights else ""
    return page.DiscriminativenessReport(
        title=f"What class scores rest on: {about.net}{of_weights} on {about.dataset}",
        command=manifest.command(),
        facts=[
            ("emergence", about.emergence or "measured by the same call"),
            ("images", "unseen ones (val)"),
            ("seed", str(about.seed)),
            *((f"version of {name}", version) for name, version in manifest.versions().items()),
        ],
        layer=found.layer,
        filters=len(of.sharing.classes),
        deviations=of.cutoff.deviations,
        after_softmax=of.cutoff.after_softmax,
        classes=[_class_page(c, of, pictures) for c in of.classes],
        sharing=of.sharing.histogram.tolist(),
        sums=of.sums,
        overlaps=of.overlap,
        relations=of.relations,
        notes=found.notes,
    )


def _class_page(c: ClassFindings, found: LayerFindings, pictures: _Pictures) -> page.ClassPage:
    deciding = c.before.delta.value
    order = [int(f) for f in np.argsort(-deciding, kind="stable") if c.discriminative[f]]
    differences = np.nan_to_num([part.difference.value for part in c.parts], nan=-np.inf)
    return page.ClassPage(
        object_class=c.object_class,
        crops=c.crops,
        top1=c.top1.estimate,
        filters=[_filter_row(c, f, found, pictures) for f in order],
        parts=[_part_row(c, int(p), pictures) for p in np.argsort(-differences, kind="stable")],
        counts=c.counts,
        overlaps=c.overlap,
        gradient=c.gradient_correlation.over_images,
        part_counts=c.part_counts,
        relations=c.relations,
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
        uses=tuple(_use(v, f) for v in c.verdicts if v.serves(f)),
        top_activations=pictures.top_activations(c.object_class, f),
    )


def _use(v: Verdict, number: int) -> page.ClassUse:
    best = number == v.best_filter
    return page.ClassUse(
        part=v.part,
        best=best,
        size=len(v.combination),
        ap_val=v.best_filter_ap_val.value if best else v.combination_ap_val.value,
        passes=_passes(v),
    )


def _passes(v: Verdict) -> dict[str, bool] | None:
    return {name: bool(getattr(v, passes)) for name, passes in CRITERIA.items()} if v.judged else None


def _part_row(c: ClassFindings, p: int, pictures: _Pictures) -> page.PartRow:
    part, v = c.parts[p], c.verdicts[p]
    return page.PartRow(
        part=v.part,
        drops=part,
        ap_val=v.combination_ap_val,
        excess=v.excess,
        passes=_passes(v),
        blacked=pictures.blacked(c.object_class, p),
    )
