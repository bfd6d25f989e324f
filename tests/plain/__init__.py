"""The method a second time, in plain NumPy: the yardstick the library is checked against.

Written from the description of the method alone, in float64 and without jit, batching tricks or
shared code, so that each function can be held against one sentence of it. Nothing here imports
the library.

Shapes: N crops, F filters, K stimuli of a filter on a crop, P parts, G ground-truth boxes.
Ground truth is `truth[n][p]`: float64 [G, 4], the boxes of part p in crop n, in crop coordinates.
Boxes are xyxy, half-open, in continuous pixels.
"""
