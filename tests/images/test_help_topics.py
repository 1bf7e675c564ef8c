"""Text in place of images: the help topics of Python as sequences of words."""

import re
from collections import Counter

import numpy as np
import pytest

from zcrepro import registry
from zcrepro.images import help_topics


@pytest.fixture
def text():
    return registry.get("images", "help_topics").training([])


def test_the_text_is_long_enough_for_many_batches_and_short_enough_in_words(text):
    assert text.pixels.shape == text.labels.shape
    assert text.pixels.shape[1] == 70
    assert len(text) > 500
    assert 2_000 < text.pixels.max() < 10_000
    assert text.pixels.dtype == text.labels.dtype == np.int64


def test_the_label_of_a_word_is_the_word_after_it(text):
    assert (text.labels[:, :-1] == text.pixels[:, 1:]).all()
    assert (text.labels[:-1, -1] == text.pixels[1:, 0]).all()


def test_words_are_numbered_by_falling_frequency_and_read_in_order(monkeypatch):
    monkeypatch.setattr(help_topics, "POSITIONS", 2)
    monkeypatch.setattr(help_topics, "topics", {"b": "A cat, the CAT", "a": "the dog - 3 the"})
    words = re.findall("[a-z]+", "the dog the a cat the cat")
    assert Counter(words).most_common(1) == [("the", 3)]
    numbers = {"the": 0, "cat": 1, "a": 2, "dog": 3}
    small = help_topics.IMAGES.training([])
    assert small.pixels.ravel().tolist() == [numbers[word] for word in words[:6]]
    assert small.labels.ravel().tolist() == [numbers[word] for word in words[1:]]


def test_another_text_is_another_edition_also_of_a_part(text, monkeypatch):
    assert re.fullmatch("words sha256:[0-9a-f]{64}", text.edition)
    assert text.take(np.array([1, 0])).edition == text.edition
    monkeypatch.setitem(help_topics.topics, "assert", "another text")
    assert help_topics.IMAGES.training([]).edition != text.edition
