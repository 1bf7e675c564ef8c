"""The terminals of EZNAS programs: 22 tensors of one layer.

A layer is three modules that follow each other. In most networks they are a ReLU, a convolution and a batch
normalisation. Their tensors are recorded in three passes, each on another input of the network, and what is
differentiated is the sum of the logits (Akhauri et al., EZNAS, NeurIPS 2022).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Terminal:
    """A tensor of one layer.

    Attributes
    ----------
    name
        The name in the text of a program.
    text
        The definition.
    latex
        The name in LaTeX.
    """

    name: str
    text: str
    latex: str


TENSORS = {
    "wtgrad": "gradient with respect to the weight of the second module",
    "inpact": "input of the first module",
    "inpactgrad": "gradient with respect to the input of the first module, through this module alone",
    "preact": "input of the second module",
    "preactgrad": "gradient with respect to the input of the second module, through this module alone",
    "act": "output of the third module",
    "actgrad": "gradient with respect to the output of the third module",
}

PASSES = {
    "data": "on the batch",
    "noise": "on standard normal noise",
    "perturb": "on the batch with normal noise of variance 0.01 added, minus the same on the batch",
}

ROWS = (
    Terminal("wt", "weight of the second module", r"\mathrm{wt}"),
    *(
        Terminal(tensor + of, f"{text}, {on}", rf"\mathrm{{{tensor}}}_{{\mathrm{{{of}}}}}")
        for tensor, text in TENSORS.items()
        for of, on in PASSES.items()
    ),
)

TERMINALS = {row.name: row for row in ROWS}
