"""First derivatives that are zero if an input does not reach the output."""

import torch

from zcrepro.networks.gradients import gradients


def test_an_input_that_the_output_does_not_depend_on_has_a_gradient_of_zero():
    used, unused, constant = (
        torch.ones(2, requires_grad=True),
        torch.ones(3, requires_grad=True),
        torch.ones(1),
    )
    found = gradients((used * 2).sum(), [used, unused, constant])
    assert [gradient.tolist() for gradient in found] == [[2, 2], [0, 0, 0], [0]]


def test_an_output_without_a_graph_has_gradients_of_zero():
    (found,) = gradients(torch.ones(2), [torch.ones(3, requires_grad=True)], grad_outputs=torch.ones(2))
    assert found.tolist() == [0, 0, 0]


def test_the_elements_of_an_output_are_weighted():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (found,) = gradients(x**2, [x], grad_outputs=torch.tensor([1.0, -1.0]))
    assert found.tolist() == [2, -4]


def test_a_gradient_can_be_differentiated_with_respect_to_the_weights_of_the_output():
    x, weights = torch.tensor([1.0, 2.0], requires_grad=True), torch.zeros(2, requires_grad=True)
    (gradient,) = gradients(x**2, [x], grad_outputs=weights, create_graph=True)
    (derivative,) = gradients(gradient.sum(), [weights])
    assert derivative.tolist() == [2, 4]
