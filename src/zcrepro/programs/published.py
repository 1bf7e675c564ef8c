"""The programs that the authors of EZNAS publish (Akhauri et al., NeurIPS 2022).

They name their tensors by number, and the numbers have two readings. The released code, at evaluation as in
its evolution, passes the tensors of one list shifted by one. The labels of the drawn trees count another
list. A name that ends in ``released`` or ``labels`` says which reading it is. ``eznas_a`` is ARG8 as the
released code passes it, ``eznas_a_wtgradnoise`` is ARG8 by the labels, which the paper prints, and
``eznas_a_wtgraddata`` is the reading of a later implementation. The programs are those of
``evol_utilities.py``, in the repository IntelLabs/Hardware-Aware-Automated-Machine-Learning.
"""

from zcrepro.programs.program import Program

TEXTS = {
    # ARG8. It was evolved on the DARTS space of NDS.
    "eznas_a": "frobenius_norm(sigmoid(logdet(sign(inpactgraddata))))",
    "eznas_a_wtgradnoise": "frobenius_norm(sigmoid(logdet(sign(wtgradnoise))))",
    "eznas_a_wtgraddata": "frobenius_norm(sigmoid(logdet(sign(wtgraddata))))",
    # ARG12
    "eznas_topprog_released": "square(abs(frobenius_norm(preactnoise)))",
    "eznas_topprog_labels": "square(abs(frobenius_norm(preactgradnoise)))",
    # ARG19, twice
    "eznas_enas_released": (
        "reciprocal(add(frobenius_norm(actperturb), "
        "exp(frobenius_norm(log(sigmoid(log(sigmoid(actperturb))))))))"
    ),
    "eznas_enas_labels": (
        "reciprocal(add(frobenius_norm(preactgradperturb), "
        "exp(frobenius_norm(log(sigmoid(log(sigmoid(preactgradperturb))))))))"
    ),
    # ARG0 and ARG20
    "eznas_pnas_released": (
        "kl_divergence(standardize(standardize(standardize(actgradperturb))), is_positive(actgraddata))"
    ),
    "eznas_pnas_labels": "kl_divergence(standardize(standardize(standardize(wt))), is_positive(actperturb))",
    # ARG19 and ARG6
    "eznas_nasnet_released": "frobenius_norm(is_negative(log(add(log(actperturb), inpactnoise))))",
    "eznas_nasnet_labels": "frobenius_norm(is_negative(log(add(log(preactgradperturb), actdata))))",
}

PUBLISHED = {name: Program.parse(text) for name, text in TEXTS.items()}
"""The programs by name."""
