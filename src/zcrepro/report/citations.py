"""How to cite the papers that tables reproduce, and the data that their values are computed from."""

from collections.abc import Iterable
from dataclasses import dataclass

from zcrepro.problems.problem import EMBEDDED, Problem

PAPERS = {
    "ZCP": "M. S. Abdelfattah, A. Mehrotra, Ł. Dudziak, N. D. Lane. Zero-Cost Proxies for Lightweight NAS. "
    "ICLR 2021.",
    "EZNAS": "Y. Akhauri, J. P. Munoz, N. Jain, R. Iyer. EZNAS: Evolving Zero-Cost Proxies for Neural "
    "Architecture Scoring. NeurIPS 2022.",
    "SRGP": "Q. M. Phan, N. H. Luong. From Hand-Crafted Metrics to Evolved Training-Free Performance "
    "Predictors for Neural Architecture Search via Genetic Programming. 2025.",
}
"""How to cite the papers, by the name that tables give them."""

RELEASED = "suite_zero"
"""The key of the scores that NAS-Bench-Suite-Zero published."""

SERIANNI = "serianni"
"""The key of the paper that published scores of NAS-Bench-NLP."""

GRAF = "graf"
"""The key of the paper that introduced structural counts as predictors."""

EZNAS = "eznas"
"""The key of the paper that published the programs of EZNAS."""

TRANSNAS = (
    "Y. Duan, X. Chen, H. Xu, Z. Chen, X. Liang, T. Zhang, Z. Li. TransNAS-Bench-101: Improving "
    "Transferability and Generalizability of Cross-Task Neural Architecture Search. CVPR 2021."
)

NDS = (
    "I. Radosavovic, J. Johnson, S. Xie, W.-Y. Lo, P. Dollár. On Network Design Spaces for Visual "
    "Recognition. ICCV 2019."
)

SOURCES = {
    "nasbench101": "C. Ying, A. Klein, E. Christiansen, E. Real, K. Murphy, F. Hutter. NAS-Bench-101: "
    "Towards Reproducible Neural Architecture Search. ICML 2019.",
    "nasbench201": "X. Dong, Y. Yang. NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
    "Search. ICLR 2020.",
    "nasbench301": "A. Zela, J. Siems, L. Zimmer, J. Lukasik, M. Keuper, F. Hutter. Surrogate NAS "
    "Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks. ICLR 2022.",
    "transnasbench101_micro": TRANSNAS,
    "transnasbench101_macro": TRANSNAS,
    **dict.fromkeys(("nds_darts", "nds_amoeba", "nds_enas", "nds_nasnet", "nds_pnas"), NDS),
    "nasbench_macro": "X. Su, T. Huang, Y. Li, S. You, F. Wang, C. Qian, C. Zhang, C. Xu. Prioritized "
    "Architecture Sampling with Monto-Carlo Tree Search. CVPR 2021.",
    "pytorchcv": "O. Semery. Computer vision models on PyTorch. The package pytorchcv, 2018-2024.",
    "nasbenchnlp": "N. Klyuchnikov, I. Trofimov, E. Artemova, M. Salnikov, M. Fedorov, A. Filippov, "
    "E. Burnaev. NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing. IEEE "
    "Access 2022.",
    SERIANNI: "A. Serianni, J. Kalita. Training-free Neural Architecture Search for RNNs and Transformers. "
    "ACL 2023.",
    RELEASED: "A. Krishnakumar, C. White, A. Zela, R. Tu, M. Safari, F. Hutter. "
    "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies. NeurIPS 2022 Datasets and Benchmarks.",
    GRAF: "G. Kadlecová, J. Lukasik, M. Pilát, P. Vidnerová, M. Safari, R. Neruda, F. Hutter. Surprisingly "
    "Strong Performance Prediction with Neural Graph Features. ICML 2024.",
    EZNAS: PAPERS["EZNAS"],
}
"""How to cite published data: accuracies by search space, and scores."""

TRANSNAS_URL = "https://arxiv.org/abs/2105.11871"
NDS_URL = "https://arxiv.org/abs/1905.13214"

URLS = {
    "ZCP": "https://arxiv.org/abs/2101.08134",
    "EZNAS": "https://arxiv.org/abs/2209.07413",
    "SRGP": "https://arxiv.org/abs/2505.15832",
    "nasbench101": "https://arxiv.org/abs/1902.09635",
    "nasbench201": "https://arxiv.org/abs/2001.00326",
    "nasbench301": "https://arxiv.org/abs/2008.09777",
    "transnasbench101_micro": TRANSNAS_URL,
    "transnasbench101_macro": TRANSNAS_URL,
    **dict.fromkeys(("nds_darts", "nds_amoeba", "nds_enas", "nds_nasnet", "nds_pnas"), NDS_URL),
    "nasbench_macro": "https://arxiv.org/abs/2103.11922",
    "pytorchcv": "https://github.com/osmr/imgclsmob",
    "nasbenchnlp": "https://arxiv.org/abs/2006.07116",
    SERIANNI: "https://arxiv.org/abs/2306.00288",
    RELEASED: "https://arxiv.org/abs/2210.03230",
    GRAF: "https://proceedings.mlr.press/v235/kadlecova24a.html",
    EZNAS: "https://arxiv.org/abs/2209.07413",
}
"""Where to read what PAPERS and SOURCES cite."""


@dataclass(frozen=True)
class Citation:
    """How to cite a paper or published data, and where to read it."""

    text: str
    url: str


def of_problems(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return the keys of the accuracies of problems; EMBEDDED stands for the project's own benchmark."""
    keys = (EMBEDDED if problem.is_embedded else problem.space for problem in problems)
    return tuple(dict.fromkeys(key for key in keys if key == EMBEDDED or key in SOURCES))


def citations(papers: Iterable[str], cited: Iterable[str]) -> list[Citation]:
    """Return the citations of papers, then those of data, each once. Unknown names are left out."""
    found = [Citation(PAPERS[paper], URLS[paper]) for paper in dict.fromkeys(papers) if paper in PAPERS]
    keys = set(cited)
    of_data = [Citation(text, URLS[key]) for key, text in SOURCES.items() if key in keys]
    return list(dict.fromkeys([*found, *of_data]))
