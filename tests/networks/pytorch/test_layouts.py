"""Where the map lies in an output, by shape and by what a changed corner of the image changes."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch.nn.functional import avg_pool2d  # noqa: E402

from partsjax.errors import InputError  # noqa: E402
from partsjax.networks.pytorch.layouts import Layout, layout_of, probes  # noqa: E402


def local(side, channels=3):
    """A map [3, C, side, side] of the probes, each cell of its own square of pixels."""
    images = probes(side * 4).permute(0, 3, 1, 2)
    return avg_pool2d(images, 4).repeat(1, -(-channels // 3), 1, 1)[:, :channels]


def tokens(side, channels=3, prefix=0):
    before = torch.randn(1, prefix, channels, generator=torch.Generator().manual_seed(0)).expand(3, -1, -1)
    return torch.cat([before, local(side, channels).flatten(2).transpose(1, 2)], dim=1)


@pytest.mark.parametrize(("output", "layout"), [
    (local(8), Layout("NCHW")),
    (local(8, 8), Layout("NCHW")),
    (local(8, 8).permute(0, 2, 3, 1), Layout("NHWC")),
    (local(8).permute(0, 2, 3, 1), Layout("NHWC")),
    (tokens(7), Layout("tokens")),
    (tokens(7, 49), Layout("tokens")),
    (tokens(7, 49).transpose(1, 2), Layout("NCL")),
    (tokens(7, prefix=1), Layout("tokens", 1)),
    (tokens(14, 12, prefix=5), Layout("tokens", 5)),
    ((tokens(7, prefix=1), torch.ones(3, 5), None), Layout("tokens", 1, (0,))),
    ([{"state": local(6), "pooled": torch.ones(3, 4)}], Layout("NCHW", 0, (0, "state"))),
    ({"a": local(6), "same": ...} , Layout("NCHW", 0, ("a",))),
    (torch.ones(3, 17, 12), Layout("tokens", 1)),  # nothing moves: by its shape
], ids=repr)  # fmt: skip
def test_how_an_output_is_read(output, layout):
    if isinstance(output, dict) and output.get("same") is ...:
        output = {**output, "same": output["a"]}
    assert layout_of("x", output) == layout
    assert layout_of("x", output, str(layout)) == layout


def test_a_map_is_that_of_its_layout():
    plain = local(6, 4).permute(0, 2, 3, 1)
    for layout in (Layout("NCHW"), Layout("NHWC"), Layout("tokens"), Layout("NCL")):
        assert torch.equal(layout.map_of(layout.output_of(plain)), plain)
    assert torch.equal(Layout("tokens", 5).map_of(tokens(6, 4, prefix=5)), plain)
    assert torch.equal(Layout("tokens", 5, ("a", 0)).map_of({"a": [tokens(6, 4, prefix=5)]}), plain)


def test_a_prefix_that_is_said_is_taken():
    output = torch.ones(3, 16 + 9, 12)
    assert layout_of("x", output) == Layout("tokens", 0)
    assert layout_of("x", output, prefix=9) == layout_of("x", output, "9+tokens") == Layout("tokens", 9)


@pytest.mark.parametrize(("output", "stated", "message"), [
    (local(8, 8), "NHWC", "does not lie as the image does"),
    (local(8, 8).permute(0, 2, 3, 1), "NCHW", "does not lie as the image does"),
    (tokens(7, 49), "NCL", "does not lie as the image does"),
    (local(8), "NHWC", r"no activation map in its output \[3, 3, 8, 8\] read as NHWC"),
    (local(8), "CHWN", "layout='CHWN'; .*choose from: NCHW, NHWC, tokens, NCL"),
    (tokens(7, prefix=1), "2+tokens", r"no activation map in its output \[3, 50, 3\] read as 2\+tokens"),
    (torch.ones(3, 8, 8, 8), None, "could be read as NCHW or NHWC; say which: layout={'x': 'NCHW'}"),
    (torch.ones(3, 4, 1, 1), None, "no activation map"),
    (torch.ones(3, 4, 6, 8), None, "no activation map"),
    (torch.ones(8, 8, dtype=torch.int32), None, "holds no tensor"),
    ("text", None, "a str, holds no tensor"),
])  # fmt: skip
def test_what_is_refused(output, stated, message):
    with pytest.raises(InputError, match=f"layer x: .*{message}"):
        layout_of("x", output, stated)
