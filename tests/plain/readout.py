"""Readouts: how much of a part can be found in a layer by a linear map of all its filters, or of a few."""

import numpy as np

from tests.plain.average_precision import average_precision
from tests.plain.detections import overlapped, suppress

DETECTIONS = 8
LEAST_CELLS = 30
SCORE_RIDGES, BOX_RIDGES = (1e-3, 1e-2), (1e-2, 1e-1)


def centers(rows, columns, field):
    """[H W, 2] receptive-field centers (x, y), row by row."""
    _, stride, center = field
    return np.array(
        [[center + 0.5 + stride * x, center + 0.5 + stride * y] for y in range(rows) for x in range(columns)]
    )


def features(activation, field, size):
    """[N, H W, F + 8]: activations, then x, y, x², y², xy, x³, y³ in crop sizes, and 1."""
    crops, rows, columns, filters = activation.shape
    x, y = (centers(rows, columns, field) / size).T
    place = np.stack([x, y, x**2, y**2, x * y, x**3, y**3, np.ones_like(x)], axis=1)
    flat = activation.reshape(crops, rows * columns, filters).astype(float)
    return np.concatenate([flat, np.broadcast_to(place, (crops, *place.shape))], axis=2)


def on_part(cells, boxes, stride):
    """Which box each cell lies on: int [cells], -1 for none."""
    found = np.full(len(cells), -1)
    for i, (x, y) in enumerate(cells):
        nearest = np.inf
        for g, (x1, y1, x2, y2) in enumerate(boxes):
            across = abs(x - (x1 + x2) / 2) / max((x2 - x1) / 4, stride / 2)
            down = abs(y - (y1 + y2) / 2) / max((y2 - y1) / 4, stride / 2)
            if across <= 1 and down <= 1 and across**2 + down**2 < nearest:
                nearest, found[i] = across**2 + down**2, g
    return found


def deviations(x):
    """[D] of activations; 1 for the place terms, and for a filter that is the same in all cells."""
    found = x.std(axis=0)
    found[-8:] = 1
    return np.where(found > 0, found, 1)


def ridge(x, targets, strength, of):
    """Weights [D, T] on x [M, D]; standard deviations over the cells `of` [M', D]."""
    scale = deviations(of)
    z = x / scale
    normal = z.T @ z
    normal = normal + strength * np.trace(normal) / len(normal) * np.eye(len(normal))
    return np.linalg.solve(normal, z.T @ targets) / scale[:, None]


def better_ridge(strengths, x, targets, half, of, of_half):
    """The strength with which each half's solution has the least squared error on the other half."""
    errors = []
    for strength in strengths:
        error = 0.0
        for h in (0, 1):
            weights = ridge(x[half == h], targets[half == h], strength, of[of_half == h])
            error += ((x[half != h] @ weights - targets[half != h]) ** 2).sum()
        errors.append(error)
    return strengths[int(np.argmin(errors))]


def pursuit(x, y, strength):
    """All filters in the order in which orthogonal matching pursuit takes them."""
    z = x / deviations(x)
    damping = strength * (z**2).sum() / z.shape[1]
    taken = list(range(z.shape[1] - 8, z.shape[1]))
    while len(taken) < z.shape[1]:
        some = z[:, taken]
        weights = np.linalg.solve(some.T @ some + damping * np.eye(len(taken)), some.T @ y)
        match = np.abs(z.T @ (y - some @ weights))
        match[taken] = -1
        taken.append(int(match.argmax()))
    return taken[8:]


class Readout:
    """Of one part, fitted on train: with all filters, or with those that are taken first.

    Args:
      x: [N, cells, D], of `features`; truth: N arrays [G, 4]; half: [N].
    """

    def __init__(self, x, truth, half, field, size, shape):
        self.field, self.size, self.shape = field, size, shape
        cells = centers(*shape, field)
        number = np.stack([on_part(cells, boxes, field[1]) for boxes in truth])
        flat, on = x.reshape(-1, x.shape[2]), (number >= 0).ravel()
        self.exists = on.sum() >= LEAST_CELLS
        if not self.exists:
            return
        targets = []
        for n, i in np.argwhere(number >= 0):
            x1, y1, x2, y2 = truth[n][number[n, i]]
            cx, cy = cells[i]
            targets.append([(x1 + x2) / 2 - cx, (y1 + y2) / 2 - cy, x2 - x1, y2 - y1])
        self.targets = np.array(targets) / size
        self.x, self.on = flat, on
        y, of_cells = on.astype(float)[:, None], np.repeat(half, x.shape[1])
        self.score_ridge = better_ridge(SCORE_RIDGES, flat, y, of_cells, flat, of_cells)
        self.box_ridge = better_ridge(BOX_RIDGES, flat[on], self.targets, of_cells[on], flat, of_cells)
        self.order = pursuit(flat, y[:, 0], self.score_ridge)

    def weights(self, count):
        """With `count` filters: [D, 1] and [D, 4], 0 for the others."""
        some = sorted(self.order[:count]) + list(range(self.x.shape[1] - 8, self.x.shape[1]))
        score, box = np.zeros((self.x.shape[1], 1)), np.zeros((self.x.shape[1], 4))
        x = self.x[:, some]
        score[some] = ridge(x, self.on.astype(float)[:, None], self.score_ridge, x)
        box[some] = ridge(x[self.on], self.targets, self.box_ridge, x)
        return score, box

    def detections(self, x, count):
        """On crops [N, cells, D]: boxes [N, K, 4] and scores [N, K], before suppression, -inf for none."""
        score, box = self.weights(count)
        cells, (rows, columns) = centers(*self.shape, self.field), self.shape
        boxes, scores = np.zeros((len(x), DETECTIONS, 4)), np.full((len(x), DETECTIONS), -np.inf)
        for n, of_crop in enumerate(x):
            values = (of_crop @ score)[:, 0].reshape(rows, columns)
            padded = np.pad(values, 1, constant_values=-np.inf)
            maxima = [
                (values[r, c], r * columns + c)
                for r in range(rows)
                for c in range(columns)
                if values[r, c] >= padded[r : r + 3, c : c + 3].max()
            ]
            for k, (value, i) in enumerate(sorted(maxima, key=lambda m: -m[0])[:DETECTIONS]):
                dx, dy, width, height = of_crop[i] @ box * self.size
                cx, cy = cells[i] + (dx, dy)
                width, height = max(width, 1), max(height, 1)
                corners = [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2]
                boxes[n, k], scores[n, k] = np.clip(corners, 0, self.size), value
        return boxes, scores


def readout_ap(boxes, scores, truth):
    """AP over all crops: NMS among a crop's detections, then as a filter's."""
    above = np.where(np.isfinite(scores), 1.0, 0.0)  # a score may be below 0
    kept = suppress(boxes, above)
    first_box = np.cumsum([0] + [len(t) for t in truth])
    found = np.full(scores.shape, -1)
    for n, of_crop in enumerate(truth):
        local = overlapped(boxes[n], of_crop)
        found[n] = np.where(local >= 0, local + first_box[n], -1)
    return average_precision(scores[kept], found[kept], np.zeros(first_box[-1], bool))


def readout_aps(train_activation, val_activation, field, train_truth, val_truth, half, size, part):
    """(sizes, AP on train, AP on val) of the readouts of a part; NaN where there is none.

    Args:
      train_activation, val_activation: [N, H, W, F]; field: (size, stride, center of cell 0).
      train_truth, val_truth: `truth[n][p]`, [G, 4]; half: [N], of the train crops, 0 or 1.
    """
    x = [features(a, field, size) for a in (train_activation, val_activation)]
    truth = [[of_crop[part] for of_crop in t] for t in (train_truth, val_truth)]
    filters, shape = train_activation.shape[3], train_activation.shape[1:3]
    counts = [2**n for n in range(20) if 2**n < filters] + [filters]
    readout = Readout(x[0], truth[0], half, field, size, shape)
    if not readout.exists:
        return counts, [np.nan] * len(counts), [np.nan] * len(counts)
    aps = [
        [readout_ap(*readout.detections(one, c), t) for c in counts] for one, t in zip(x, truth, strict=True)
    ]
    return counts, *aps
