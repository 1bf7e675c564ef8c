"""The inputs of the surrogate of NAS-Bench-301, encoded by hand, and files that are not the surrogate's."""

import json

import numpy as np
import pytest

from zcrepro.benchmarks import nasbench301_surrogate
from zcrepro.benchmarks.nasbench301_surrogate import PREFIX, Surrogate
from zcrepro.spaces.nasbench301 import SPACE

OPERATIONS = [
    "#na#",
    "avg_pool_3x3",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "max_pool_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "skip_connect",
]
PAIRS = {
    3: ["#na#", "0_1", "0_2", "1_2"],
    4: ["#na#", "0_1", "0_2", "0_3", "1_2", "1_3", "2_3"],
    5: ["#na#", "0_1", "0_2", "0_3", "0_4", "1_2", "1_3", "1_4", "2_3", "2_4", "3_4"],
}

NORMAL = "sep_conv_3x3~0+skip_connect~1|max_pool_3x3~0+dil_conv_3x3~2|avg_pool_3x3~1+sep_conv_5x5~3|dil_conv_5x5~2+skip_connect~4"
REDUCE = "skip_connect~0+skip_connect~1|sep_conv_3x3~1+sep_conv_3x3~2|max_pool_3x3~0+max_pool_3x3~1|avg_pool_3x3~3+avg_pool_3x3~4"
TEXT = f"normal: {NORMAL}; reduce: {REDUCE}"

# Edges 0 and 1 lead to node 2, edges 2 to 4 to node 3, edges 5 to 8 to node 4, and edges 9 to 13 to node 5.
EXPECTED = [
    [5, 7, 4, 0, 2, 0, 1, 0, 6, 0, 0, 3, 0, 7],
    [7, 7, 0, 5, 5, 4, 4, 0, 0, 0, 0, 0, 1, 1],
    [2, 5, 9],  # 0_2, 1_3 and 2_4
    [3, 1, 10],  # 1_2, 0_1 and 3_4
]


def encoding():
    """The codes of the categories, in the order of the published file: edge 10 before edge 2."""
    codes = {
        f"{PREFIX}edge_{kind}_{edge}": {name: code for code, name in enumerate(OPERATIONS)}
        for kind in ("normal", "reduce")
        for edge in range(14)
    }
    codes |= {
        f"{PREFIX}inputs_node_{kind}_{node}": {name: code for code, name in enumerate(pairs)}
        for kind in ("normal", "reduce")
        for node, pairs in PAIRS.items()
    }
    return dict(sorted(codes.items()))


class Model:
    """A model that keeps its inputs."""

    def __init__(self):
        self.inputs = []

    def run(self, outputs, inputs):
        assert outputs is None
        self.inputs.append(inputs)
        return [np.array([[93.5, 1234.0]], np.float32)]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "encoding.json").write_text(json.dumps(encoding()))
    (tmp_path / "model.onnx").write_bytes(b"")
    return tmp_path / "model.onnx", tmp_path / "encoding.json"


@pytest.fixture
def model(monkeypatch):
    found = Model()
    monkeypatch.setattr(nasbench301_surrogate, "_read_model", lambda _: found)
    return found


def test_each_input_has_the_code_of_what_the_genotype_chooses_in_the_order_of_their_numbers(files, model):
    assert Surrogate(*files).accuracy(SPACE.parse(TEXT)) == 93.5
    (inputs,) = model.inputs
    codes, epochs = inputs["x_cat"], inputs["x_cont"]
    assert codes.tolist() == [[code for part in EXPECTED for code in part]]
    assert (epochs.tolist(), codes.dtype, epochs.dtype) == ([[98]], np.int32, np.float32)


def test_width_and_depth_behind_the_cells_are_no_inputs(files, model):
    for arch in (SPACE.parse(TEXT), (*SPACE.parse(TEXT), 36, 20)):
        Surrogate(*files).accuracy(arch)
    first, second = model.inputs
    assert np.array_equal(first["x_cat"], second["x_cat"])


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sep_conv_3x3~0", "none~0", "the surrogate knows no 'none' of edge_normal_0, only #na#, avg_pool"),
        ("dil_conv_3x3~2", "dil_conv_3x3~0", "the surrogate knows no node with two edges from node 0"),
    ],
)
def test_a_genotype_that_none_of_the_trained_ones_resembles_is_refused(files, old, new, message):
    text = TEXT.replace(old, new, 1).replace("max_pool_3x3~0+dil_conv_3x3~0", "dil_conv_3x3~0+max_pool_3x3~0")
    with pytest.raises(ValueError, match=message):
        Surrogate(*files).accuracy(SPACE.parse(text))


def without(codes, name):
    return {other: of for other, of in codes.items() if other != name}


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda codes: json.dumps(codes)[:-9], "not JSON"),
        (lambda codes: json.dumps([*codes]), "not a mapping with the codes of 34 inputs"),
        (lambda codes: json.dumps(without(codes, f"{PREFIX}edge_normal_3")), "the codes of 34 inputs"),
        (
            lambda codes: json.dumps(codes | {f"{PREFIX}edge_normal_3": {"#na#": 0.5}}),
            "the codes of .*edge_normal_3 are no whole numbers",
        ),
        (
            lambda codes: json.dumps(without(codes, f"{PREFIX}edge_normal_3") | {"edge_normal_x": {"a": 1}}),
            "invalid literal for int",
        ),
    ],
)
def test_a_damaged_encoding_is_named_with_the_remedy(files, change, message):
    files[1].write_text(change(encoding()))
    with pytest.raises(
        ValueError, match=rf"encoding\.json cannot be read \(.*{message}.*; delete it and fetch it again"
    ):
        Surrogate(*files)


def test_what_is_no_model_is_named_with_the_remedy(files):
    files[0].write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"model\.onnx cannot be read \(.*; delete it and fetch it again"):
        Surrogate(*files)


# The ONNX model of one Identity from ``x`` to ``y``, float32 of shape (1, 1): fields of protocol buffers by hand.


def field(number, *content):
    """Return a field of protocol buffers: a number, or bytes with their length."""
    content = b"".join(each.encode() if isinstance(each, str) else each for each in content)
    return bytes([number << 3 | 2, len(content)]) + content


def number(place, value):
    return bytes([place << 3, value])


def value(name):
    dimension = field(1, number(1, 1))
    return field(1, name), field(2, field(1, number(1, 1), field(2, dimension, dimension)))


IDENTITY = b"".join(
    [
        number(1, 8),  # version of the format
        field(8, number(2, 13)),  # operators
        field(
            7,
            field(1, field(1, "x"), field(2, "y"), field(4, "Identity")),
            field(2, "one"),
            field(11, *value("x")),
            field(12, *value("y")),
        ),
    ]
)


def test_another_model_is_refused(files):
    files[0].write_bytes(IDENTITY)
    with pytest.raises(
        ValueError, match=r"model\.onnx cannot be read \(a model with the inputs \{'x': \[1, 1\]\} is not the"
    ):
        Surrogate(*files)
