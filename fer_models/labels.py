"""Label sets of the data sets, in the order of their files; the order people are shown; spellings.

A label names the expression a face shows, as people labelled it; never what somebody feels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Letters of a label: pages and tables have room for no more.
LONGEST_LABEL = 60


@dataclass(frozen=True)
class LabelSet:
    """Expressions in output order, under the name that cards use."""

    name: str
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, label: str) -> int:
        """Position of ``label``; ValueError naming the set's labels when it has none such."""
        if label not in self.labels:
            raise ValueError(f"'{label}' is not one of {', '.join(self.labels)} ({self.name}).")
        return self.labels.index(label)


FERPLUS = LabelSet("FERPlus", ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"))
FER2013 = LabelSet("FER2013", ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"))
RAF_DB = LabelSet("RAF-DB", ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"))
RAFD = LabelSet("RaFD", ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"))


def label_set_of(labels: Sequence[str]) -> LabelSet:
    """The set of these labels in this order: FER2013's or FERPlus's where they are, else one of its own."""
    own = LabelSet("own", tuple(labels))
    return next((known for known in (FER2013, FERPLUS) if known.labels == own.labels), own)


def display_order(labels: Sequence[str]) -> list[int]:
    """Indices of ``labels`` in the order in which people are shown them: FERPlus's, then all others as they stand.

    Expressions keep their places then, whichever labels a network has learnt and in whatever order it gives them.
    """
    known = {label: place for place, label in enumerate(FERPLUS.labels)}
    return sorted(range(len(labels)), key=lambda index: known.get(labels[index], len(known)))


_SPELLINGS = {
    "neutral": ("neutral", "neutrality"),
    "happiness": ("happiness", "happy", "joy", "joyful"),
    "surprise": ("surprise", "surprised"),
    "sadness": ("sadness", "sad"),
    "anger": ("anger", "angry"),
    "disgust": ("disgust", "disgusted"),
    "fear": ("fear", "fearful", "afraid", "scared"),
    "contempt": ("contempt", "contemptuous"),
}
_EXPRESSIONS = {spelling: label for label, spellings in _SPELLINGS.items() for spelling in spellings}


def expression(name: str) -> str | None:
    """The label that ``name`` is a common spelling of ('happy', 'Surprised'), or None."""
    return _EXPRESSIONS.get(name.strip().lower())


def spellings() -> list[str]:
    """All spellings that ``expression`` knows."""
    return list(_EXPRESSIONS)
