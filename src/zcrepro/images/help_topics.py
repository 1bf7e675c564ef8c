"""Real English text: the help topics that come with Python, as sequences of words.

The networks of NAS-Bench-NLP were trained on the Penn Treebank, whose text is not free. As there, words are
lower-case letters alone, and a word is a number. Numbers are given by falling frequency. The text is cut into
sequences of 70 words; the label of each word is the word after it.

Versions of Python differ in some topics, so the SHA-256 of the words is recorded with each minibatch.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from zcrepro.images.base import Images

WORD = re.compile("[a-z]+")
POSITIONS = 70


class HelpTopics:
    """Sequences of words in place of images: about 900 of some 64,000 words, 3,100 of them different."""

    def training(self, files: Sequence[Path]) -> Images:
        """Return tokens, int64 (n, 70), and for each the token that follows it."""
        del files  # Python contains the text
        words = [word for name in sorted(topics) for word in WORD.findall(topics[name].lower())]
        counts = Counter(words)
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        numbers = {word: number for number, word in enumerate(ranked)}
        tokens = np.array([numbers[word] for word in words], np.int64)
        sequences = (len(tokens) - 1) // POSITIONS
        read, followed = (tokens[start : start + sequences * POSITIONS] for start in (0, 1))
        digest = hashlib.sha256(" ".join(words).encode()).hexdigest()
        return Images(read.reshape(-1, POSITIONS), followed.reshape(-1, POSITIONS), f"words sha256:{digest}")


IMAGES = HelpTopics()
