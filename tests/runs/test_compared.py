"""Which layer stands for a network."""

from types import SimpleNamespace

from partsjax.runs.comparison.compared import best_layer


def measured(**train):
    """A network's measurement: mean AP on train by layer; on unseen images another order."""
    summary = {
        layer: SimpleNamespace(mean_ap={"combination_train": ap, "combination_val": -(ap or 0)})
        for layer, ap in train.items()
    }
    return SimpleNamespace(about=SimpleNamespace(layers=tuple(train)), summary=summary)


def test_the_best_layer_is_that_on_train_over_all_seeds():
    assert best_layer([measured(a=0.1, b=0.3, c=0.2)]) == "b"
    assert best_layer([measured(a=0.1, b=0.3, c=0.2), measured(a=0.1, b=0.1, c=0.25)]) == "c"
    assert best_layer([measured(a=0.2, b=0.2)]) == "a"
    assert best_layer([measured(a=None, b=None)]) == "a"
