"""Emergence: stimuli -> regression -> scoring -> sets of filters -> verdict. The method, in full:

Frames. A box is `xyxy`, half-open, in continuous pixels. An object's crop shows its box scaled about its
center by S / (S - 32), warped to S x S: bilinear, half-pixel centers, no antialiasing; samples outside the
image take the mean color (R-CNN's crop). Part boxes go through the same map. A crop is judged against the
parts of its own object; every object of the class counts.

Stimuli. After the ReLU, a cell with activation > 0 that is the maximum of its 3x3 neighborhood (our choice;
outside the map: -inf). The 8 strongest per filter and crop are kept (our choice). Cell i has its
receptive-field center at c0 + 0.5 + stride * i. Its unregressed detection is the square of the receptive
field's size there, clipped to the crop.

Regression, per (filter, part), on train crops. A stimulus pairs with the box of the part that contains its
center; of several, with the one whose center is nearest. Features: cx/S, cy/S, the 3x3 activations around
it (0 outside the map) over the filter's largest stimulus on the class's train crops, and 1. Targets:
(Gx - cx, Gy - cy, Gw, Gh). Least squares weighted by the activation (the paper), with a ridge of 1e-6 of the
mean diagonal (our choice). Fewer than 12 pairs: no regressor, AP 0. Predicted sides are at least a pixel;
boxes are clipped to the crop. Then NMS per filter, part and crop, greedy by activation, at IoU > 0.5 (our
choice).

Average precision, per part over all crops of a class in a split. Detections by descending activation; each is
matched to the box of the part it overlaps most; it is correct from IoU 0.4 (the paper) if no stronger one has
claimed the box. AP is the area under the precision envelope (VOC2010), equal scores entering as one step.

Sets. A set of filters of one layer detects with the union of its members' detections (the paper), ranked by
activation, or by that calibrated: per (filter, part) turned into train precision by isotonic
regression (our choice). It is found on train by the paper's genetic algorithm (`genetic`), fitness the AP of
the union, or greedily. NMS across members on demand. Never worse on train than the best single filter.

Verdict, for each part and layer: train AP of the set, the paper's protocol, by which a part emerges over
0.30; its held-out AP with a 95% percentile interval of 1,000 bootstrap samples of images (not crops); the
place prior, fixed boxes in every crop: the median train box; the best single one, a k-means center (k = 1
to 5); and, strongest, a list picked greedily from the centers with k = 1 to 8, all chosen on train; untrained
weights; parts permuted among crops. A part emerges by our criterion when the lower end of its held-out
interval is over 0.30 and the lower end of the paired difference to the list of boxes is over 0: a set of
filters that never look is such a list. Parts with fewer than 10 validation boxes are listed, not counted.

Everything fitted is fitted on train; `val` is judged with it. `Method` has every choice that can be
changed.
"""
