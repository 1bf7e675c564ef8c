"""Networks that read tokens: scores that are defined, by their definitions, and reasons for the others."""

import json

import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.proxies.extract import extract
from zcrepro.proxies.order import order
from zcrepro.report.tables.zcp_table2 import UNDEFINED_ON_TOKENS
from zcrepro.spaces.nasbenchnlp import SPACE

WORDS, WIDTH, POSITIONS, SEQUENCES = 11, 3, 4, 5
DEFINED = ["params", "flops", "l2_norm", "layers", "grad_norm", "snip", "plain", "grasp", "fisher", "jacov"]
DEFINED += ["synflow", "synflow_bn", "synflow_zcp", "log_synflow", "zico", "grad_sign"]
PLAIN = "linear~x,h0|tanh~1|state~2"


class Recurrent(nn.Module):
    """A plain recurrent language model whose words share their vectors with the logits."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.of_x, self.of_h = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.decoder = nn.Linear(WIDTH, WORDS)

    def vectors(self, words):
        return F.embedding(words, self.decoder.weight)

    def read(self, vectors):
        h, outputs = vectors.new_zeros(len(vectors), WIDTH), []
        for x in vectors.unbind(1):
            h = torch.tanh(self.of_x(x) + self.of_h(h))
            outputs.append(self.decoder(h))
        return torch.stack(outputs, -1)

    def forward(self, words):
        return self.read(self.vectors(words))


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randint(WORDS, (2, SEQUENCES, POSITIONS), generator=generator).unbind()


def scored(model, *names):
    return zcrepro.score(model.double(), *batch(), list(names))


def loss_of(model):
    words, labels = batch()
    outputs = model.double()(words)
    each = [
        F.cross_entropy(outputs[i, :, t], labels[i, t]) for i in range(SEQUENCES) for t in range(POSITIONS)
    ]
    return torch.stack(each).mean()


def weights_of(model):
    return [model.of_x.weight, model.of_h.weight, model.decoder.weight]


@pytest.mark.parametrize("name", DEFINED)
def test_what_is_defined_on_tokens_has_a_value(name):
    assert scored(Recurrent(), name).status[name] == "ok"


def test_gradients_are_of_the_mean_loss_over_all_positions_and_a_shared_weight_counts_once():
    model = Recurrent()
    weights = weights_of(model)
    gradients = torch.autograd.grad(loss_of(model), weights)
    found = scored(model, "snip", "grad_norm", "plain")
    pairs = [(w.detach(), g) for w, g in zip(weights, gradients, strict=True)]
    assert found["snip"] == pytest.approx(float(sum((w * g).abs().sum() for w, g in pairs)))
    assert found["plain"] == pytest.approx(float(sum((w * g).sum() for w, g in pairs)))
    assert found["grad_norm"] == pytest.approx(float(sum(g.norm() for g in gradients)))


def test_grasp_is_the_product_of_weights_with_the_hessian_times_the_gradient():
    model = Recurrent()
    weights = weights_of(model)
    gradients = torch.autograd.grad(loss_of(model), weights, create_graph=True)
    product = sum((g.detach() * g).sum() for g in gradients)
    of_hessian = torch.autograd.grad(product, weights)
    expected = sum(float((-w.detach() * h).sum()) for w, h in zip(weights, of_hessian, strict=True))
    assert scored(model, "grasp")["grasp"] == pytest.approx(expected)


def test_jacov_takes_the_vectors_of_the_words_for_the_image():
    model = Recurrent()
    vectors = model.double().vectors(batch()[0]).detach().requires_grad_()
    (jacobian,) = torch.autograd.grad(model.read(vectors).sum(), vectors)
    eigenvalues = torch.linalg.eigvalsh(torch.corrcoef(jacobian.flatten(1))) + 1e-5
    expected = -float((eigenvalues.log() + 1 / eigenvalues).sum())
    assert scored(model, "jacov")["jacov"] == pytest.approx(expected, rel=1e-6)


def test_synflow_reads_vectors_of_ones():
    model = Recurrent().double()
    positive = Recurrent().double()
    with torch.no_grad():
        for tensor in positive.parameters():
            tensor.abs_()
    weights = weights_of(positive)
    flow = positive.read(torch.ones(1, POSITIONS, WIDTH, dtype=torch.double)).sum()
    gradients = torch.autograd.grad(flow, weights)
    expected = sum(float((w.detach() * g).abs().sum()) for w, g in zip(weights, gradients, strict=True))
    found = scored(model, "synflow", "synflow_zcp")
    assert found["synflow"] == found["synflow_zcp"] == pytest.approx(expected)


def test_the_multiply_adds_are_those_of_all_positions_and_those_of_images_as_before():
    assert scored(Recurrent(), "flops")["flops"] == POSITIONS * (2 * WIDTH * WIDTH + WIDTH * WORDS)
    layer = nn.Linear(4, 4)
    twice = nn.Sequential(nn.Flatten(), layer, layer)
    images = torch.ones(2, 1, 2, 2)
    assert zcrepro.score(twice, images, torch.tensor([0, 1]), ["flops"])["flops"] == 16


def test_an_embedding_module_scores_as_the_function():
    class Module(Recurrent):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(WORDS, WIDTH)
            self.embedding.weight = self.decoder.weight

        def vectors(self, words):
            return self.embedding(words)

    found, expected = scored(Module(), *DEFINED), scored(Recurrent(), *DEFINED)
    assert dict(found) == pytest.approx(dict(expected))


def test_of_two_embeddings_it_is_not_known_which_is_the_input():
    class Positional(Recurrent):
        def vectors(self, words):
            return super().vectors(words) + super().vectors(torch.arange(words.shape[1]))

    found = scored(Positional(), "snip", "jacov", "synflow")
    assert found.status["snip"] == "ok"
    assert "2 embeddings run" in found.status["jacov"]
    assert "2 embeddings run" in found.status["synflow"]


def test_what_is_defined_on_images_says_so():
    names = sorted(set(zcrepro.list_proxies()) - set(DEFINED))
    found = scored(Recurrent(), *names)
    reasons = {
        "nwot": "the network runs no ReLU",
        "epe_nas": "each position has a label, so there are no classes of inputs",
    }
    for name in names:
        expected = reasons.get(name, "is defined on images, and the network reads tokens")
        assert expected in found.status[name], name
    assert set(UNDEFINED_ON_TOKENS) <= set(names)


def test_the_network_is_left_as_it_was_found():
    model = Recurrent().double()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    words, labels = batch()
    zcrepro.score(model, words, labels, DEFINED)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(words, batch()[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda words, labels: (words, labels[:, 0]), r"tokens of shape \(5, 4\) need a label each"),
        (lambda words, labels: (-words - 1, labels), "tokens must be numbers from 0"),
        (lambda words, labels: (words[:0], labels[:0]), "the batch is empty"),
        (lambda words, labels: (words.double(), labels), "images must be"),
        (lambda words, labels: (words + WORDS, labels), "cannot process images of shape"),
        (lambda words, labels: (words, labels + WORDS), "the network has 11 classes"),
    ],
)
def test_wrong_tokens_are_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        zcrepro.score(Recurrent().double(), *change(*batch()), ["snip"])


def test_logits_of_another_shape_are_refused():
    class Last(Recurrent):
        def forward(self, words):
            return super().forward(words)[..., -1]

    with pytest.raises(
        ValueError, match=r"\(5, 11\) for tokens .* instead of logits of shape \(n, classes, pos"
    ):
        scored(Last(), "snip")


SETTINGS = {
    "space": "nasbenchnlp",
    "task": "ptb",
    "images": "help_topics",
    "digests": [],
    "proxies": ["snip", "jacov"],
    "start": 0,
    "stop": 1,
    "batch_size": 2,
    "share_equal_graphs": True,
    "initialisation": "default",
    "pass_seconds": 600,
    "augmented_batches": False,
    "draw": 0,
    "redraw": [],
    "seed": 0,
    "device": "cpu",
    "torch_threads": 1,
}


def extracted(folder, **changes):
    frame = pd.DataFrame({"arch": [PLAIN], "graph": [PLAIN], "task": "ptb", "metric": "test"})
    frame = frame.assign(accuracy=-4.5, seeds=1, source="made up")
    parquet.write(folder / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
    (folder / "order.json").write_text(
        json.dumps({"space": "nasbenchnlp", "task": "ptb", "among": "accuracies", "max_flops": 0})
    )
    order(
        settings_file=folder / "order.json",
        known=folder / "accuracies.parquet",
        output=folder / "order.parquet",
    )
    (folder / "settings.json").write_text(json.dumps(SETTINGS | changes))
    output = folder / "scores.parquet"
    extract(
        settings_file=folder / "settings.json",
        order=folder / "order.parquet",
        output=output,
        timings=folder / "timings.parquet",
    )
    return output


def test_a_recurrent_cell_is_extracted_like_any_architecture_and_the_text_is_recorded(tmp_path):
    output = extracted(tmp_path)
    row = parquet.read(output).iloc[0]
    assert row["snip_status"] == row["jacov_status"] == "ok"
    assert SPACE.text(SPACE.parse(row["arch"])) == PLAIN
    assert "words sha256:" in parquet.metadata(output)["minibatch"]


def test_images_for_a_network_that_reads_tokens_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"reads inputs of shape \(70,\) with 10000 classes, but 'digits'"):
        extracted(tmp_path, images="digits")
