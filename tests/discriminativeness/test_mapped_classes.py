"""Class scores made of finer classes, taken apart: EfficientNet-Lite0 as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.gradients import attributor
from partsjax.discriminativeness.scores import class_scores, recognized
from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.activations import activations
from partsjax.runs.discriminativeness.class_scores import scores_for

CLASSES = ("dog", "cat", "sheep", "horse")


@pytest.fixture(scope="module")
def network():
    return load_network("efficientnet_lite0")


@pytest.fixture(scope="module")
def pixels():
    """Smaller than the network's input, of smooth noise."""
    draws = np.random.default_rng(3).standard_normal((2, 8, 8, 3)).astype(np.float32)
    return np.asarray(jnp.clip(127 + 60 * jax.image.resize(draws, (2, 64, 64, 3), "cubic"), 0, 255))


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["head", "block16"])
def test_ablation_is_that_of_running_the_rest_again(network, pixels, layer):
    mapped, labels = scores_for(network, layer, CLASSES), np.array([0, 2])
    found = ablator(mapped, layer)(pixels, labels)
    maps = activations(network, network.params, pixels, (layer,))[layer]

    @jax.jit
    def score(maps):
        plain = network.after(network.params, layer, maps)
        return jax.nn.logsumexp(plain[0, 151:269]), jax.nn.logsumexp(plain[1, 348:350])

    intact = np.stack(score(maps))
    np.testing.assert_allclose(found.scores[np.arange(2), labels], intact, rtol=1e-5, atol=1e-5)
    strongest = np.argsort(-np.abs(maps).max((0, 1, 2)))
    for f in (*strongest[:3], strongest[len(strongest) // 2]):
        lost = intact - np.stack(score(maps.at[..., f].set(0)))
        np.testing.assert_allclose(found.before[:, f], lost, rtol=2e-3, atol=2e-4, err_msg=f"{layer} {f}")


@pytest.mark.slow
def test_gradient_times_activation_weighs_each_kind_by_its_share_of_the_score(network, pixels):
    """d log sum exp(s_k) / d s_k is the softmax over the kinds; from the head on every s_k is linear."""
    found = attributor(scores_for(network, "head", CLASSES), "head")(pixels, np.array([0, 2]))
    maps = np.asarray(activations(network, network.params, pixels, ("head",))["head"], np.float64)
    kernel, bias = (np.asarray(network.params[f"scores/{kind}"], np.float64) for kind in ("kernel", "bias"))
    mean = maps.mean((1, 2))
    for n, kinds in enumerate((slice(151, 269), slice(348, 350))):
        scores = mean[n] @ kernel[:, kinds] + bias[kinds]
        shares = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(found[n], mean[n] * (kernel[:, kinds] @ shares), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_recognized_is_asked_of_all_of_the_networks_classes(network, pixels):
    highest = np.asarray(class_scores(network, network.params, pixels)).argmax(1)
    synsets = [network.classes[i] for i in highest]
    given = {"first": synsets[:1], "other": ["tench", "Chihuahua"], "both": synsets}
    mapped = scores_for(network, "head", list(given), given)
    for k, name in enumerate(given):
        found = recognized(mapped, mapped.params, pixels, np.full(2, k))
        assert found.tolist() == [synset in given[name] for synset in synsets]
    assert recognized(network, network.params, pixels, highest).tolist() == [True, True]
    assert recognized(network, network.params, pixels, (highest + 1) % 1000).tolist() == [False, False]


def test_a_layer_from_which_scores_do_not_follow_is_refused_before_anything_is_measured(network):
    with pytest.raises(InputError, match="do not follow from block3 alone"):
        scores_for(network, "block3", CLASSES)
    with pytest.raises(InputError, match="none of ImageNet's classes stands for 'person'"):
        scores_for(network, "head", (*CLASSES, "person"))
