"""A problem as text and back."""

import pytest

from zcrepro.problems.problem import Problem


def test_a_problem_is_written_space_slash_task():
    assert Problem.parse("nasbench201/ImageNet16-120") == Problem("nasbench201", "ImageNet16-120")
    assert str(Problem("nasbench201", "cifar10")) == "nasbench201/cifar10"


@pytest.mark.parametrize("text", ["cifar10", "/cifar10", "nasbench201/", ""])
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match=f"space/task, not '{text}'"):
        Problem.parse(text)


def test_a_problem_of_the_embedded_benchmark_says_so():
    assert Problem("embedded_cell", "digits").is_embedded
    assert not Problem("nasbench201", "cifar10").is_embedded
