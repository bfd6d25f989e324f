"""Discriminativeness: which filters, and which parts, a class score rests on; and are they those that emerge?

Filters, by ablation (`ablation`, `filters`). With c a class and f a filter of a layer,

    delta(c, f) = mean over the crops of c of (score_c - score_c with f's map set to zero),

scores before the softmax, and also after it. Share: max(delta, 0) / sum over f of max(delta, 0). f is
discriminative for c where delta(c, f) exceeds the mean over the layer's filters by 2 of their standard
deviations (our choice); how many do is also given for 1 to 3. Gradient x activation (`gradients`) is the
first-order estimate of delta, and is given with the rank correlation of the two.

Parts, by blackout (`blackout`, `part_drops`). The pixels of a part in a crop, all its instances, its mask
where there is one and else its box, are replaced by the mean color; the drop of the class score is compared
with the mean drop for boxes of the same size at 8 random places inside the object. A control leaves the part
alone: no instance of it covers more than a tenth of the control's box. Where no such place is left the crop
has no control and no difference. A part is discriminative by the difference: the lower end of its 95%
interval is over 0, on at least 6 crops that have a control (our choice).

Their relation to emergence. Of filters (`relation`): one is semantic for c where it is the best filter, or
in the chosen set, of a part of c that emerges, by each criterion. Share of discriminative filters that are
semantic; their number against chance. Of parts (`part_relations`): three rank correlations side by side.

Intervals are 95% intervals of 1,000 bootstrap samples of images, not of crops (our choice).
"""
