"""What a run finds, in sentences whose numbers are cells of its tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from zcrepro.generalization.table import MINUS_HANDCRAFTED, MINUS_SOUND
from zcrepro.report._wins import OVER
from zcrepro.report.entry import EVOLVED

CIFAR10 = "nasbench201/cifar10"


class _NoCellError(Exception):
    """Raised where a table has no such cell: the sentence is then left out."""


@dataclass(frozen=True)
class Cells:
    """The tables of a run, by name."""

    tables: Mapping[str, pd.DataFrame]

    def of(self, table: str, **where: str) -> pd.DataFrame:
        """Return the rows of a table that have a value, and ``where`` in their columns."""
        if table not in self.tables:
            raise _NoCellError
        rows = self.tables[table]
        rows = rows[rows["value"].notna()]
        for column, text in where.items():
            rows = rows[rows[column] == text]
        if rows.empty:
            raise _NoCellError
        return rows

    def one(self, table: str, **where: str) -> pd.Series:
        """Return the first of these rows."""
        return self.of(table, **where).iloc[0]


def findings(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the sentences whose cells the tables have."""
    found = []
    for finding in FINDINGS:
        try:
            found.append(finding(Cells(tables)))
        except _NoCellError:
            continue
    return found


def vote_is_a_share_of_pairs(cells: Cells) -> str:
    """ZCP writes the vote in one table with Spearman correlations."""
    vote = {"row": "vote (pairs)", "column": "cifar10"}
    paper = cells.one("zcp_table1", reference="printed", **vote)
    ours = cells.one("zcp_table1", reference="printed", series="our scores", **vote)
    share = paper["paper_value"]
    return (
        f"ZCP's vote of {share:.2f} on NAS-Bench-201 is no rank correlation but the share of pairs of "
        f"architectures that it orders rightly, as a ranking with a Kendall correlation of "
        f"{2 * share - 1:.2f} does; measured here: {_value(ours)}."
    )


def fisher_is_that_of_other_networks(cells: Cells) -> str:
    """Fisher of ZCP's table cannot be had from the networks of the benchmark."""
    row = cells.one("zcp_table1", row="fisher", column="cifar10", reference="printed", series="our scores")
    return (
        f"ZCP's fisher of {row['paper_value']:.2f} on NAS-Bench-201 is that of networks with biases, where "
        "convolutions that read nothing but zeros have the highest scores; the networks that the benchmark "
        f"trained give {_value(row)}."
    )


def programs_text_and_code_differ(cells: Cells) -> str:
    """The text of EZNAS-A names another tensor than its code reads."""
    column = "cifar10, Kendall"
    code, noise, data = (
        cells.one("eznas_nasbench201", row=row, column=column)
        for row in (
            "EZNAS-A",
            "EZNAS-A of the weight gradient on noise",
            "EZNAS-A of the weight gradient on data",
        )
    )
    return (
        "EZNAS-A's text names another tensor than its code reads: with the gradient that the code reads, "
        f"Kendall's tau on NAS-Bench-201 is {_value(code)}, with the gradient of the weights "
        f"{_value(noise)} on noise and {_value(data)} on data."
    )


def evolved_programs_are_not_ahead(cells: Cells) -> str:
    """EZNAS's own procedure, repeated."""
    ahead = cells.one("eznas_evolved", row="median, ahead of eznas_a", column=CIFAR10)
    published = cells.one("eznas_evolved", row="eznas_a", column=CIFAR10)
    mean = cells.one("eznas_evolved", row="median, mean", column=CIFAR10)
    return (
        f"Of {ahead['n']:.0f} runs of EZNAS's procedure, {ahead['value']:.0f} have a median program ahead of "
        f"EZNAS-A on held-out architectures of NAS-Bench-201 (tau {mean['value']:.3f} on average, EZNAS-A "
        f"{published['value']:.3f})."
    )


def formula_wins_not_everywhere(cells: Cells) -> str:
    """SRGP says that its formula beats every hand-crafted proxy on all 13 problems."""
    ahead = OVER[MINUS_HANDCRAFTED]
    fittest = cells.one("srgp_correlation", row="evolved on D (fittest)", column=ahead)
    median = cells.one("srgp_correlation", row="evolved on D (median)", column=ahead)
    runs = cells.of("srgp_correlation", row="evolved on D (fittest)", role=EVOLVED)["seeds"].max()
    return (
        "SRGP's formula beats every hand-crafted proxy on all 13 problems, the paper says. Here the fittest "
        f"of {runs:.0f} formulas is ahead of the best proxy on {fittest['value']:.0f} of {fittest['n']:.0f}, "
        f"with the whole interval of its lead above 0 on {fittest['ci_low']:.0f}, and the median one on "
        f"{median['value']:.0f}."
    )


def rounding_errors_compete(cells: Cells) -> str:
    """Published jacov and epe_nas on two benchmarks are rounding errors."""
    row = "evolved on D (median)"
    all_proxies = cells.one("srgp_correlation", row=row, column=OVER[MINUS_HANDCRAFTED])
    sound = cells.one("srgp_correlation", row=row, column=OVER[MINUS_SOUND])
    return (
        "The published jacov and epe_nas of NAS-Bench-301 and TransNAS-Bench-101 are mostly rounding errors. "
        f"Without them as rivals, the median formula wins {sound['value']:.0f} problems instead of "
        f"{all_proxies['value']:.0f}."
    )


def one_count_beats_every_proxy(cells: Cells) -> str:
    """Counts read off the architecture are the control that no paper prints."""
    where = {"table": "structure_controls", "row": "tasks won against the best proxy"}
    best = cells.one(**where, column="best count minus best proxy")
    longest = cells.one(**where, column="d3_max")
    return (
        f"On {best['value']:.0f} of {best['n']:.0f} tasks the best single count read off the architecture, "
        f"without a network or an image, ranks better than every proxy, with the whole interval of its lead "
        f"above 0 on {best['ci_low']:.0f}. The largest number of 3x3 convolutions on a path does so on "
        f"{longest['value']:.0f}."
    )


def naslibs_validation_accuracy_is_a_test_accuracy(cells: Cells) -> str:
    """NAS-Bench-Suite-Zero chooses and reports by one number."""
    test, validation = (
        cells.one(
            "nasbench201_val_accuracy", row="cifar100", column=f"equal to the {metric} accuracy, trained once"
        )
        for metric in ("test", "validation")
    )
    return (
        "What NASLib calls the validation accuracy of NAS-Bench-201 is a test accuracy: on CIFAR-100 it "
        f"equals the test accuracy of {test['value']:.0f} percent of the {test['n']:,.0f} architectures that "
        f"were trained once, and the validation accuracy of {validation['value']:.1f} percent."
    )


def formulas_need_no_images(cells: Cells) -> str:
    """Formulas that read no image, which were singled out after all training sets had been judged."""
    without, of_scores = (
        cells.one("srgp_training_sets", row=name, column=OVER[MINUS_HANDCRAFTED])
        for name in ("D_no_images", "D")
    )
    mean_without, mean_of_scores = (
        cells.one("srgp_training_sets", row=name, column="mean over problems")["value"]
        for name in ("D_no_images", "D")
    )
    return (
        "Formulas that read counts and scores without images are ahead of the best proxy on "
        f"{_runs(without)} of {without['n']:.0f} problems, those of the 13 scores on {_runs(of_scores)}; "
        f"their mean tau is {mean_without:.2f} and {mean_of_scores:.2f}. The two differ in their "
        "standardisation too, and the first were singled out after all training sets had been judged."
    )


def much_of_a_proxy_is_size(cells: Cells) -> str:
    """Compare among architectures of nearly equal size."""
    rows = cells.of("proxy_beyond_size", problem=CIFAR10, role="hand-crafted")
    every, equal = (
        rows[rows["metric"] == metric].set_index("row")["value"]
        for metric in ("kendall", "kendall at equal params")
    )
    if not {"synflow", "jacov"} <= {*every.index} & {*equal.index}:
        raise _NoCellError
    return (
        "Much of a proxy is size: among architectures of NAS-Bench-201 with nearly equal numbers of "
        f"parameters, tau of synflow falls from {every['synflow']:.2f} to {equal['synflow']:.2f}, while that "
        f"of jacov stays at {equal['jacov']:.2f} of {every['jacov']:.2f}."
    )


def warmup_saves_most(cells: Cells) -> str:
    """The speed-up of ZCP's search."""
    row = "nasbench201/cifar100 aging_evolution+synflow_zcp warmup 3000"
    ratio = cells.one("zcp_search_cost", row=row, column="speed-up to 1 below")
    return (
        "On NAS-Bench-201, CIFAR-100, aging evolution that starts from the best of 3,000 scores of synflow "
        f"comes within 1 point of the best accuracy with {ratio['value']:.1f} times fewer trained models "
        f"[{ratio['ci_low']:.1f}, {ratio['ci_high']:.1f}]."
    )


FINDINGS: tuple[Callable[[Cells], str], ...] = (
    formula_wins_not_everywhere,
    one_count_beats_every_proxy,
    formulas_need_no_images,
    much_of_a_proxy_is_size,
    vote_is_a_share_of_pairs,
    fisher_is_that_of_other_networks,
    programs_text_and_code_differ,
    evolved_programs_are_not_ahead,
    rounding_errors_compete,
    naslibs_validation_accuracy_is_a_test_accuracy,
    warmup_saves_most,
)
"""The findings in the order in which they are told."""


def _runs(row: pd.Series) -> str:
    """Return the median over the runs of a training set, with the lowest and the highest run."""
    return f"{row['value']:.0f} (runs from {row['ci_low']:.0f} to {row['ci_high']:.0f})"


def _value(row: pd.Series) -> str:
    """Return a value with its interval, if it has one."""
    if pd.isna(row["ci_low"]):
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
