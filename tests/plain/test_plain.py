"""The reference itself, up to the regressors, held against cases worked out by hand."""

import numpy as np

from tests.plain import regression
from tests.plain.crops import box_to_crop, crop, source_window
from tests.plain.stimuli import centers, neighbourhood, stimuli

GREY = np.array([100.0, 110.0, 120.0])


def gradient(height, width):
    """uint8 [height, width, 3]: column index in red, row index in green, a constant in blue."""
    row, column = np.mgrid[:height, :width]
    return np.stack([column, row, np.full_like(row, 7)], axis=-1).astype(np.uint8)


def test_crop_of_a_linear_gradient_is_the_gradient_at_the_sample_centres():
    size, box = 224, (40, 60, 140, 110)
    pixels = crop(gradient(200, 250), box, size, GREY)
    # window: 100 * 7/6 wide about 90, 50 * 7/6 high about 85, all of it within the image
    x = 90 - 100 * 7 / 12 + (np.arange(size) + 0.5) * (100 * 7 / 6) / size
    y = 85 - 50 * 7 / 12 + (np.arange(size) + 0.5) * (50 * 7 / 6) / size
    np.testing.assert_allclose(pixels[..., 0], np.broadcast_to(x - 0.5, (size, size)), rtol=1e-6)
    np.testing.assert_allclose(pixels[..., 1], np.broadcast_to((y - 0.5)[:, None], (size, size)), rtol=1e-6)
    assert (pixels[..., 2] == 7).all()
    assert pixels.dtype == np.float32


def test_crop_beyond_the_image_is_the_mean_colour_and_the_edge_repeats():
    # S = 64: the window is twice the box. Box 0..8 gives window -4..12, one sample each 0.25 px.
    pixels = crop(gradient(8, 8), (0, 0, 8, 8), 64, GREY)
    outside = np.ones((64, 64), bool)
    outside[16:48, 16:48] = False
    assert (pixels[outside] == GREY).all()
    # samples at 0.125 and 0.375 lie before the first pixel's centre; the next is at 0.625
    np.testing.assert_allclose(pixels[20, 16:20, 0], [0, 0, 0.125, 0.375])
    np.testing.assert_allclose(pixels[20, 44:48, 0], [6.625, 6.875, 7, 7])


def test_the_object_sits_inside_its_context_in_the_crop():
    box = (10, 20, 50, 100)
    np.testing.assert_allclose(box_to_crop(box, box, 224), [16, 16, 208, 208])
    np.testing.assert_allclose(box_to_crop(source_window(box, 224), box, 224), [0, 0, 224, 224], atol=1e-12)
    np.testing.assert_allclose(box_to_crop([(30, 60, 40, 80)], box, 224), [[112, 112, 160, 160]])


def test_stimuli_are_positive_local_maxima_strongest_first_lower_cell_on_ties():
    activation = np.array(
        [
            [5, 1, 0, 0, 2],
            [1, 0, 0, 1, 1],
            [0, 0, 0, 0, 0],
            [2, 0, 0, 7, 7],
        ]
    )
    scores, cells = stimuli(activation, 8)
    assert scores.tolist() == [7, 7, 5, 2, 2, 0, 0, 0]
    assert cells.tolist() == [18, 19, 0, 4, 15, -1, -1, -1]
    assert stimuli(activation, 4)[1].tolist() == [18, 19, 0, 4]
    assert stimuli(-activation, 2)[0].tolist() == [0, 0]


def test_neighbourhood_is_zero_outside_and_row_by_row():
    activation = np.arange(1, 13).reshape(3, 4)
    values = neighbourhood(activation, np.array([0, 5, 11, -1]))
    assert values[0].tolist() == [0, 0, 0, 0, 1, 2, 0, 5, 6]
    assert values[1].tolist() == [1, 2, 3, 5, 6, 7, 9, 10, 11]
    assert values[2].tolist() == [7, 8, 0, 11, 12, 0, 0, 0, 0]
    assert not values[3].any()
    assert centers(np.array([5]), 4, stride=16, center=15).tolist() == [[31.5, 31.5]]


def test_pairing_prefers_the_box_whose_centre_is_nearest():
    boxes = np.array([[0, 0, 100, 100], [10, 10, 50, 40]], float)
    where = np.array([[12, 12], [49, 39], [31, 39], [31, 40], [60, 60], [100, 50], [0, 0]], float)
    paired = regression.pair(where, boxes)
    expected = [1, 0, 1, 0, 0, None, 0]
    for row, box in zip(paired, expected, strict=True):
        assert np.isnan(row).all() if box is None else (row == boxes[box]).all()


def test_regression_recovers_a_linear_law_whatever_the_weights():
    rng = np.random.default_rng(0)
    where, near = rng.uniform(40, 180, (400, 2)), rng.uniform(0, 5, (400, 9))
    law = rng.normal(size=(12, 4)) * 0.02
    law[11] = [0.05, -0.03, 0.3, 0.4]
    phi = regression.features(where, near, 5.0, 224)
    goal = phi @ law
    found = regression.fit(phi, goal, rng.uniform(0.1, 5, 400))
    np.testing.assert_allclose(phi @ found, goal, atol=1e-4)  # the ridge pulls this much
    boxes = regression.predict(phi, found, where, 224)
    middle = where + 224 * goal[:, :2]
    corners = np.concatenate([middle - 112 * goal[:, 2:], middle + 112 * goal[:, 2:]], axis=1)
    np.testing.assert_allclose(boxes, np.clip(corners, 0, 224), atol=0.05)
    # and the targets are the inverse of what is decoded
    np.testing.assert_allclose(regression.targets(where, corners, 224), goal, atol=1e-12)


def test_regression_solves_the_weighted_normal_equations_with_its_ridge():
    rng = np.random.default_rng(1)
    phi, goal, weight = rng.normal(size=(30, 12)), rng.normal(size=(30, 4)), rng.uniform(0, 3, 30)
    found = regression.fit(phi, goal, weight)
    ridge = 1e-6 * (weight[:, None] * phi**2).sum() / 12
    # where the loss sum_i w_i |phi_i B - goal_i|^2 + ridge |B|^2 is flat
    np.testing.assert_allclose(phi.T @ (weight[:, None] * (goal - phi @ found)), ridge * found, rtol=1e-6)
    assert regression.fit(phi[:11], goal[:11], weight[:11]) is None
    assert regression.fit(phi[:12], goal[:12], weight[:12]) is not None


def test_the_twelve_features():
    phi = regression.features(np.array([[112.0, 56.0]]), np.arange(9.0)[None], 4.0, 224)
    assert phi.tolist() == [[0.5, 0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 1]]


def test_predicted_boxes_are_a_pixel_wide_at_least_and_stay_in_the_crop():
    coefficients = np.zeros((12, 4))
    coefficients[11] = [0, 0, -1, 2]
    where = np.array([[100.0, 10.0]])
    box = regression.predict(regression.features(where, np.zeros((1, 9)), 1.0, 224), coefficients, where, 224)
    np.testing.assert_allclose(box, [[99.5, 0, 100.5, 224]])
    np.testing.assert_allclose(regression.receptive_boxes(where, 51, 224), [[74.5, 0, 125.5, 35.5]])
