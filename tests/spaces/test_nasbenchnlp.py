"""Recipes of NAS-Bench-NLP: their one numbering, and networks that compute what a recipe says."""

import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zcrepro.benchmarks._nasbenchnlp_recipes import decoded
from zcrepro.spaces import nasbenchnlp_recipe as recipes
from zcrepro.spaces.nasbenchnlp import HIDDEN, SPACE, WIDTH, WORDS, Layer

RNN = "linear~x,h0|tanh~1|state~2"

LSTM = {
    "i": ("linear", ["x", "h0"]),
    "f": ("linear", ["x", "h0"]),
    "g": ("linear", ["x", "h0"]),
    "o": ("linear", ["x", "h0"]),
    **{f"{gate}_act": ("sigm", [gate]) for gate in "ifo"},
    "g_act": ("tanh", ["g"]),
    "kept": ("prod", ["f_act", "h1"]),
    "added": ("prod", ["i_act", "g_act"]),
    "cell": ("sum", ["kept", "added"]),
    "cell_act": ("tanh", ["cell"]),
    "hidden": ("prod", ["o_act", "cell_act"]),
}

GRU = {
    "r": ("linear", ["x", "h0"]),
    "z": ("linear", ["x", "h0"]),
    "r_act": ("sigm", ["r"]),
    "z_act": ("sigm", ["z"]),
    "reset": ("prod", ["r_act", "h0"]),
    "n": ("linear", ["x", "reset"]),
    "n_act": ("tanh", ["n"]),
    "hidden": ("blend", ["z_act", "h0", "n_act"]),
}

WRITTEN = """{"node_0": {"op": "linear", "input": ["h_prev_0", "x"]},
"h_new_1": {"op": "activation_leaky_relu", "input": ["node_2"]},
"node_2": {"op": "linear", "input": ["h_new_0", "node_0", "h_prev_1"]},
"h_new_0": {"op": "activation_sigm", "input": ["node_0"]}}"""
"""A recipe in the benchmark's notation, whose nodes are not in order."""


def small_layer(arch, inputs=3, outputs=4):
    torch.manual_seed(0)
    layer = Layer(arch, inputs, outputs).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


def vectors(positions=5, width=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, positions, width, generator=generator, dtype=torch.double)


def matrices(layer, number):
    """Return the weights of a linear node, one matrix per source, and its bias."""
    place, found = 0, []
    while (name := f"node{number}_source{place}") in dict(layer.named_modules()):
        found.append(layer.get_submodule(name).weight)
        place += 1
    return found, layer.get_submodule(f"node{number}_source0").bias


def numbers_of(arch, operation):
    return [number for number, (found, _) in enumerate(arch, start=1) if found == operation]


def test_the_benchmarks_notation_is_read_whatever_the_order_of_its_nodes():
    text = "linear~x,h0|sigm~1|linear~h1,1,2|leaky_relu~3|state~2,4"
    assert recipes.write(decoded(WRITTEN)) == text
    assert SPACE.parse(text) == decoded(WRITTEN)


def test_a_plain_recurrent_network_is_that_of_torch():
    layer = small_layer(SPACE.parse(RNN))
    torchs = nn.RNN(3, 4, batch_first=True).double()
    (of_x, of_h), bias = matrices(layer, 1)
    with torch.no_grad():
        torchs.weight_ih_l0.copy_(of_x)
        torchs.weight_hh_l0.copy_(of_h)
        torchs.bias_ih_l0.copy_(bias)
        torchs.bias_hh_l0.zero_()
    assert torch.allclose(layer(vectors()), torchs(vectors())[0], atol=1e-12)


def test_the_recipe_of_an_lstm_computes_what_that_of_torch_does():
    arch = recipes.from_nodes(LSTM, ["hidden", "cell"])
    layer = small_layer(arch)
    # Which gate a linear node is follows from what reads its activation.
    *nodes, (_, (hidden, cell)) = arch
    output, _ = sorted(nodes[hidden - 1][1], key=lambda n: nodes[n - 1][0])  # sigm before tanh
    products = [nodes[n - 1][1] for n in nodes[cell - 1][1]]
    (forget,) = next([s for s in of if s > 0] for of in products if recipes.state(1) in of)
    incoming, candidate = sorted(
        next(of for of in products if recipes.state(1) not in of), key=lambda n: nodes[n - 1][0]
    )
    gates = [matrices(layer, nodes[n - 1][1][0]) for n in (incoming, forget, candidate, output)]
    torchs = nn.LSTM(3, 4, batch_first=True).double()
    with torch.no_grad():
        torchs.weight_ih_l0.copy_(torch.cat([of_x for (of_x, _), _ in gates]))
        torchs.weight_hh_l0.copy_(torch.cat([of_h for (_, of_h), _ in gates]))
        torchs.bias_ih_l0.copy_(torch.cat([bias for _, bias in gates]))
        torchs.bias_hh_l0.zero_()
    assert torch.allclose(layer(vectors()), torchs(vectors())[0], atol=1e-12)


def test_the_recipe_of_a_gru_computes_its_equations():
    arch = recipes.from_nodes(GRU, ["hidden"])
    layer = small_layer(arch)
    *nodes, (_, (hidden,)) = arch
    update, _, candidate = nodes[hidden - 1][1]
    update, candidate = nodes[update - 1][1][0], nodes[candidate - 1][1][0]
    (reset,) = set(numbers_of(arch, "linear")) - {update, candidate}

    def at(number, x, h):
        (of_x, of_h), bias = matrices(layer, number)
        return x @ of_x.T + h @ of_h.T + bias

    h, outputs = torch.zeros(2, 4, dtype=torch.double), []
    for x in vectors().unbind(1):
        gate, keep = torch.sigmoid(at(reset, x, h)), torch.sigmoid(at(update, x, h))
        h = keep * h + (1 - keep) * torch.tanh(at(candidate, x, gate * h))
        outputs.append(h)
    assert torch.allclose(layer(vectors()), torch.stack(outputs, 1), atol=1e-12)


def interpreted(nodes, states, weights, inputs, width):
    """Run named nodes by their definitions, without a numbering: outputs, (batch, positions, width)."""
    h = {f"h{k}": torch.zeros(len(inputs), width, dtype=torch.double) for k in range(len(states))}
    outputs = []
    for x in inputs.unbind(1):
        known = {"x": x, **h}

        def value(name, known=known):
            if name not in known:
                operation, sources = nodes[name]
                read = [value(source) for source in sources]
                known[name] = {
                    "linear": lambda n=name, s=sources, r=read: (
                        sum(v @ weights[n][source] for source, v in zip(s, r, strict=True))
                        + weights[n]["bias"]
                    ),
                    "tanh": lambda r=read: r[0].tanh(),
                    "sigm": lambda r=read: 1 / (1 + (-r[0]).exp()),
                    "leaky_relu": lambda r=read: torch.where(r[0] > 0, r[0], 0.01 * r[0]),
                    "prod": lambda r=read: r[0] * r[1],
                    "sum": lambda r=read: r[0] + r[1],
                    "blend": lambda r=read: r[0] * r[1] + (1 - r[0]) * r[2],
                }[operation]()
            return known[name]

        h = {f"h{k}": value(name) for k, name in enumerate(states)}
        outputs.append(h["h0"])
    return torch.stack(outputs, 1)


@pytest.mark.parametrize("seed", range(12))
def test_networks_compute_what_a_direct_interpretation_of_their_recipe_does(seed):
    arch = SPACE.sample(np.random.default_rng(seed))
    layer = small_layer(arch)
    *entries, (_, states) = arch
    names = {recipes.X: "x"} | {recipes.state(k): f"h{k}" for k in range(3)}
    names |= {number: f"n{number}" for number in range(1, len(arch))}
    nodes = {
        names[n]: (operation, [names[s] for s in of]) for n, (operation, of) in enumerate(entries, start=1)
    }
    weights = {}
    for number in numbers_of(entries, "linear"):
        parts, bias = matrices(layer, number)
        by_source = zip(nodes[names[number]][1], parts, strict=True)
        weights[names[number]] = {source: part.T for source, part in by_source} | {"bias": bias}
    expected = interpreted(nodes, [names[s] for s in states], weights, vectors(), 4)
    assert torch.allclose(layer(vectors()), expected, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("seed", range(40))
def test_names_and_orders_that_mean_nothing_do_not_change_the_cell(seed):
    rng = np.random.default_rng(seed)
    arch = SPACE.sample(rng)
    *entries, (_, states) = arch
    moved = [0, *(1 + rng.permutation(len(states) - 1))]
    names = {recipes.X: "x"} | {recipes.state(int(old)): f"h{k}" for k, old in enumerate(moved)}
    names |= {number: f"n{rng.integers(1 << 40)}" for number in range(1, len(arch))}
    nodes = {}
    for number in 1 + rng.permutation(len(entries)):
        operation, sources = entries[number - 1]
        written = [names[source] for source in sources]
        nodes[names[int(number)]] = (
            operation,
            written if operation == "blend" else list(rng.permutation(written)),
        )
    assert recipes.from_nodes(nodes, [names[states[old]] for old in moved]) == arch


def test_cells_that_differ_in_one_wire_or_one_operand_of_a_blend_are_different():
    one = "linear~x,h0|linear~x,h0|sigm~1|tanh~1|prod~3,4|sum~2,5|state~6"
    other = "linear~x,h0|linear~x,h0|sigm~1|tanh~2|prod~3,4|sum~2,5|state~6"
    blends = ("linear~x,h0|sigm~1|blend~2,h0,1|state~3", "linear~x,h0|sigm~1|blend~2,1,h0|state~3")
    for a, b in ((one, other), blends):
        assert recipes.numbered(recipes.read(a)) != recipes.numbered(recipes.read(b))


def test_the_numbers_of_parameters_of_a_plain_recurrent_network_are_the_published_ones():
    """One matrix per source and one bias in each layer; the words share their vectors with the logits."""
    arch = SPACE.parse(RNN)
    layers = (WIDTH + HIDDEN + 1) * HIDDEN + (HIDDEN + HIDDEN + 1) * HIDDEN + (HIDDEN + WIDTH + 1) * WIDTH
    assert SPACE.parameters(arch, "ptb") == layers + WORDS * (WIDTH + 1) == 5_731_600


def test_logits_are_products_with_the_vectors_of_the_words():
    network = SPACE.network(SPACE.parse(RNN), "ptb")
    words = torch.randint(WORDS, (2, 4), generator=torch.Generator().manual_seed(0))
    hidden = network.layers(F.embedding(words, network.decoder.weight))
    expected = hidden @ network.decoder.weight.T + network.decoder.bias
    assert torch.allclose(network(words), expected.movedim(-1, 1), atol=1e-5)


def test_a_logit_depends_on_the_words_up_to_its_own():
    network = SPACE.network(SPACE.parse(RNN), "ptb").double()
    words = torch.randint(WORDS, (1, 6), generator=torch.Generator().manual_seed(0))
    other = words.clone()
    other[0, 3] = (words[0, 3] + 1) % WORDS
    changed = (network(words) != network(other)).any(1)[0]
    assert changed.tolist() == [False, False, False, True, True, True]


def test_multiply_adds_count_every_position():
    arch = SPACE.parse(RNN)
    weights = (WIDTH + HIDDEN) * HIDDEN + 2 * HIDDEN * HIDDEN + (HIDDEN + WIDTH) * WIDTH + WORDS * WIDTH
    assert SPACE.flops(arch, "ptb") == 70 * weights


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linear~x,h0|relu~1|state~2", "unknown operation 'relu'"),
        ("linear~x,h0|tanh~1", r"ends with 'tanh~1' instead of state~"),
        ("linear~x,h0|tanh~3|state~2", "'tanh~3' .* reads '3', and there are x, h0, 1"),
        ("linear~x,h1|tanh~1|state~2", "reads 'h1'"),
        ("linear~x,x|tanh~1|state~2", "reads a source twice"),
        ("linear~x|tanh~1|state~2", "has 1 sources; linear has 2 or 3"),
        ("linear~x,h0|tanh~1|sigm~1|state~2", "no node of .* reads '3'"),
        ("linear~x,h0|tanh~1|state~1,2", "no node of .* reads 'h1'"),
        ("linear~x,h0|state~h0", "names new states that are no nodes"),
        ("state~x", "names new states that are no nodes"),
        ("linear~h0,x|tanh~1|state~2", r"is not written as 'linear~x,h0\|tanh~1\|state~2'"),
    ],
)
def test_what_is_no_recipe_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as raised:
        SPACE.parse(text)
    assert "nasbenchnlp" in str(raised.value)


def test_the_examples_of_the_documentation_are_recipes():
    examples = [line.strip() for line in recipes.__doc__.splitlines() if line.startswith("    linear~")]
    assert len(examples) == 2
    assert [SPACE.text(SPACE.parse(text)) for text in examples] == examples


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({"a": {"op": "linear", "input": ["x", "b"]}, "b": {"op": "linear", "input": ["a", "x"]}}, "circle"),
        ({"h_new_0": {"op": "conv", "input": ["x"]}}, "'conv'"),
        ({"h_new_0": ["x"]}, "is not a recipe of NAS-Bench-NLP"),
        ([], "is not a recipe of NAS-Bench-NLP"),
    ],
)
def test_what_is_no_recipe_in_the_benchmarks_notation_is_refused(nodes, message):
    with pytest.raises(ValueError, match=message):
        decoded(json.dumps(nodes))
