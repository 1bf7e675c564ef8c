"""The number of trainable layers."""

from proxies.small_networks import built, convolutional, score, single_layer


def test_layers_counts_parameter_tensors_once():
    assert score(built(convolutional()), "layers") == 10
    model = built(single_layer())
    model.again = model[1]
    assert score(model, "layers") == 2
