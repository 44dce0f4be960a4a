"""A file that cannot be used."""

from __future__ import annotations

from django.utils.functional import Promise


class Unusable(ValueError):
    """`sentence` says why, and what to do, to who sent the file."""

    def __init__(self, sentence: Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence
