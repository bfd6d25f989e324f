"""Emergence: stimuli -> regression -> scoring -> selection. The method, in full:

Frames. A box is `xyxy`, half-open, in continuous pixels. An object's crop shows its box scaled about its
centre by S / (S - 32), warped to S x S: bilinear, half-pixel centres, no antialiasing; samples outside the
image take the mean colour (R-CNN's crop). Part boxes go through the same map. A crop is judged against the
parts of its own object; every object of the class counts.

Stimuli. After the ReLU, a cell with activation > 0 that is the maximum of its 3x3 neighbourhood (our choice;
outside the map: -inf). The 8 strongest per filter and crop are kept (our choice). Cell i has its
receptive-field centre at c0 + 0.5 + stride * i. Its unregressed detection is the square of the receptive
field's size there, clipped to the crop.

Regression, per (filter, part), on train crops. A stimulus pairs with the box of the part that contains its
centre, of several with the one whose centre is nearest. Features: cx/S, cy/S, the 3x3 activations around
it (0 outside the map) over the filter's largest stimulus on the class's train crops, and 1. Targets:
(Gx - cx, Gy - cy, Gw, Gh). Least squares weighted by the activation (the paper), with a ridge of 1e-6 of the
mean diagonal (our choice). Fewer than 12 pairs: no regressor, AP 0. Predicted sides are at least a pixel;
boxes are clipped to the crop. Then NMS per filter, part and crop, greedy by activation, at IoU > 0.5 (our
choice).

Average precision, per part over all crops of a class in a split. Detections by falling activation; each is
matched to the box of the part it overlaps most; it is true from IoU 0.4 (the paper) if nobody higher has
claimed the box. AP is the area under the precision envelope (VOC2010), equal scores entering as one step.

Everything fitted is fitted on train; `val` is judged with it. `Method` names every choice that can be made
otherwise.
"""
