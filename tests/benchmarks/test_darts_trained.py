"""The recipe for SWAP's trained DARTS genotypes, on small files in their format."""

import pytest

from zcrepro.benchmarks.darts_trained import FILE, RECIPE, TASK, decoded
from zcrepro.spaces.nasbench301 import SPACE

EDGES = "[('none', 0), ('dil_conv_5x5', 0), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('dil_conv_5x5', 2), ('sep_conv_5x5', 3), ('skip_connect', 4)]"
CONCAT = "[2, 3, 4, 5]"
GENOTYPE = f"Genotype(normal={EDGES}, normal_concat={CONCAT}, reduce={EDGES}, reduce_concat={CONCAT})"
CELL = "dil_conv_5x5~0+none~0|sep_conv_5x5~0+sep_conv_3x3~1|sep_conv_3x3~1+dil_conv_5x5~2|sep_conv_5x5~3+skip_connect~4"


@pytest.fixture
def file(tmp_path):
    def written(*lines):
        path = tmp_path / "archs.csv"
        path.write_text("".join(f"{line}\n" for line in lines))
        return {FILE: path}

    return written


def test_a_genotype_is_decoded_edge_by_edge():
    assert decoded(GENOTYPE) == f"normal: {CELL}; reduce: {CELL}"


def test_the_first_line_is_no_header_and_accuracies_are_taken_as_they_stand(file):
    frame = RECIPE.accuracies(file(f'"{GENOTYPE}",85.25', f'"{GENOTYPE.replace("none", "skip_connect")}",10'))
    assert frame["accuracy"].tolist() == [85.25, 10]
    assert frame["arch"].iloc[0] == decoded(GENOTYPE)
    assert frame["seeds"].isna().all()
    assert set(frame["metric"]) == {"validation"}


def test_trap_trained_accuracies_are_another_task_than_the_surrogates(file):
    frame = RECIPE.accuracies(file(f'"{GENOTYPE}",85'))
    assert set(frame["task"]) == {TASK} == {"cifar10-trained"}
    assert SPACE.tasks[TASK] == SPACE.tasks["cifar10"]


@pytest.mark.parametrize(
    ("genotype", "message"),
    [
        ("genotype", "is not a DARTS genotype"),
        ("__import__('os').getcwd()", "is not a DARTS genotype"),
        (GENOTYPE.replace("none", "conv_9x9"), "unknown operation 'conv_9x9'"),
        (GENOTYPE.replace("('skip_connect', 4)", "('skip_connect', 5)"), "5 is not a source of node 5"),
        (GENOTYPE.replace("normal_concat=[2, 3, 4, 5]", "normal_concat=[3, 4, 5]"), "does not concatenate"),
        (GENOTYPE.replace("reduce=", "other="), "is not a DARTS genotype"),
        ("Genotype(normal=print('run'))", "is not a DARTS genotype"),
    ],
)
def test_what_is_no_genotype_is_refused_and_not_run(genotype, message, capsys):
    with pytest.raises(ValueError, match=message):
        decoded(genotype)
    assert capsys.readouterr().out == ""


def test_a_file_of_another_shape_or_name_is_refused(file):
    with pytest.raises(ValueError, match="1 columns, expected genotype and accuracy"):
        RECIPE.accuracies(file(f'"{GENOTYPE}"'))
    with pytest.raises(ValueError, match="recipe darts_trained reads"):
        RECIPE.accuracies({"other.csv": file()[FILE]})
