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
0.30; its held-out AP, with a bias-corrected 95% interval from 1,000 bootstrap samples of images (not
crops); its excess over the place prior, paired, with a p-value that becomes a q-value over all parts and
layers of the run (Benjamini and Hochberg); the same of nulls. A part is beyond place up to a q-value of
0.05, and emerges strictly when moreover the lower end of its held-out interval is over 0.30 (our
choices). Parts with fewer than 10 validation boxes are listed, not counted.

Place prior (our choice): reads the box of the object, its shape, its size and where the image cuts it
off; shows the part's boxes on the most similar train objects, grouped by overlap (`nearest`). List prior:
the same few boxes in every crop, picked greedily from the centers of k-means with k = 1 to 8
(`fixed_boxes`). Detections of a prior that have equal scores are judged in 20 random orders. WHERE and
WHETHER take a set's AP apart by the list prior's boxes, ranked by the set (`knowledge`).

Everything fitted is fitted on train; `val` is judged with it. `Method` has every choice that can be
changed.
"""
