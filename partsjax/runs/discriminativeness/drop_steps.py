"""The compiled steps from crops to what they lose: without each filter, and without some pixels."""

import functools

import jax.numpy as jnp

from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.gradients import attributor
from partsjax.discriminativeness.scores import blacked_out, class_scores, of_class, recognized
from partsjax.networks.activations import activations, shapes
from partsjax.networks.devices import over_devices
from partsjax.networks.protocol import Network


class Steps:
    """The compiled steps of one network and layer, which all classes share, made when first needed."""

    def __init__(self, network: Network, layer: str):
        self.network, self.layer = network, layer

    @functools.cached_property
    def ablate(self):
        return ablator(self.network, self.layer)

    @functools.cached_property
    def attribute(self):
        return attributor(self.network, self.layer)

    @functools.cached_property
    def highest(self):
        """`pixels -> (highest activations, their cells)`, each [B, L]."""
        network, layer = self.network, self.layer

        def step(pixels, params):
            maps = activations(network, params, pixels, (layer,))[layer]
            flat = maps.reshape(len(maps), -1, maps.shape[-1])
            return flat.max(axis=1).astype(jnp.float32), flat.argmax(axis=1).astype(jnp.int32)

        compiled = over_devices(step, 1)
        return lambda pixels: compiled(pixels, network.params)

    @functools.cached_property
    def recognize(self):
        """`(pixels, labels) -> bool [B]`, see `recognized`."""
        network = self.network
        compiled = over_devices(lambda pixels, labels, params: recognized(network, params, pixels, labels), 2)
        return lambda pixels, labels: compiled(pixels, labels, network.params)

    @functools.cached_property
    def black_out(self):
        """`(rows, masks, labels, pixels) -> float32 [M]`: the class scores of `pixels[rows]` without `masks`.

        rows, labels: int32 [M]; masks: bool [M, S, S]; pixels: float32 [B, S, S, 3] in [0, 255].
        """
        network = self.network

        def step(rows, masks, labels, pixels, params):
            return of_class(class_scores(network, params, blacked_out(network, pixels[rows], masks)), labels)

        compiled = over_devices(step, 3)
        return lambda rows, masks, labels, pixels: compiled(rows, masks, labels, pixels, network.params)

    @functools.cached_property
    def columns(self) -> int:
        return shapes(self.network, (self.layer,))[self.layer].shape[2]
