"""What the names of class folders mean: an expression, what they were said to mean, or a label of their own."""

import difflib
from collections.abc import Mapping, Sequence

from fer_models.data.faces import DataError
from fer_models.labels import FER2013, FERPLUS, LONGEST_LABEL, RAF_DB, LabelSet, expression, spellings

_AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
#: Numbers by which data sets call their classes: RAF-DB's, FER2013's, AffectNet's (Mollahosseini et al. 2017).
NUMBERED: Mapping[str, Mapping[str, str]] = {
    "raf-db": {str(number): label for number, label in enumerate(RAF_DB.labels, start=1)},
    "fer2013": {str(number): label for number, label in enumerate(FER2013.labels)},
    "affectnet": {str(number): label for number, label in enumerate(_AFFECTNET)},
}
#: Words that are likely to mean an expression. They are offered, never taken for it unasked.
_LIKELY = {
    "neutral": "normal none calm neutre neutro neutrale ne nu",
    "happiness": "smile smiling glad freude glücklich froh joie heureux alegría alegria feliz gioia ha",
    "surprise": "amazed amazement astonished überraschung überrascht sorpresa surpresa su",
    "sadness": "unhappy unhappiness sorrow crying trauer traurig tristesse triste tristeza tristezza sa",
    "anger": "mad furious rage wut wütend ärger colère colere ira enojo enfado raiva rabbia an",
    "disgust": "revulsion ekel dégoût degout asco nojo disgusto di",
    "fear": "frightened terrified anxious angst peur miedo medo paura fe",
    "contempt": "disdain scorn verachtung mépris mepris desprecio desprezo disprezzo",
}
_WORDS = {word: label for label, words in _LIKELY.items() for word in words.split()}


def read_labels(text: str) -> dict[str, str]:
    """'suprise=surprise,1=fear' as a mapping from folders' names to labels; 'raf-db' stands for RAF-DB's numbers.

    Raises DataError for what is neither NAME=LABEL nor one of ``NUMBERED``.
    """
    labels: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, sign, label = (word.strip() for word in part.rpartition("="))
        if not sign and part.lower() in NUMBERED:
            labels |= NUMBERED[part.lower()]
        elif name and label:
            labels[name] = label
        else:
            raise DataError(
                f"`labels` are FOLDER=LABEL, such as suprise=surprise, or one of {', '.join(NUMBERED)}; not '{part}'."
            )
    return labels


def likely_label(name: str) -> str | None:
    """The expression that a folder's name most likely means where it is no common spelling of one, or None."""
    plain = name.strip().casefold()
    if plain in _WORDS:
        return _WORDS[plain]
    nearest = difflib.get_close_matches(plain, spellings(), n=1, cutoff=0.75)
    return expression(nearest[0]) if nearest else None


class ClassNames:
    """What class folders are called and mean.

    ``labels`` maps names, whatever their case, to expressions or to other folders' names; what it does not name means
    what it spells. Names that are numbers need not be there, as presets list all of them.
    """

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        self._told = {_plain(name): label.strip() for name, label in (labels or {}).items()}

    def means(self, name: str) -> str | None:
        """The expression that a folder's name means, or None."""
        return expression(self._told.get(_plain(name), name))

    def is_told(self, name: str) -> bool:
        return _plain(name) in self._told

    def label_set(self, where: str, names: Sequence[str]) -> tuple[LabelSet, dict[str, str]]:
        """The labels of the class folders ``names``, and for each its label.

        With all of FER2013's seven expressions or FERPlus's eight they are in that set's order; a name that is no
        expression is a label of its own, after these. DataError for one that cannot be, and for labels or folders
        that are not there.
        """
        spelt: dict[str, str] = {}
        for name in names:  # of a label that is no expression the first spelling stays
            spelt.setdefault(_plain(name), name)
        self._check(where, spelt)
        labels = {}
        for name in names:
            own = spelt.get(_plain(self._told.get(_plain(name), name)), name)
            labels[name] = self.means(name) or self.means(own) or own
            # A backslash is a letter to some systems, but no label of a card may hold one.
            if self.means(name) is None and (len(own) > LONGEST_LABEL or not own.isprintable() or "\\" in own):
                raise DataError(f"{where}: a class folder's name is its label; {name[:60]!r} cannot be one.")
        present = set(labels.values())
        known = [label_set for label_set in (FER2013, FERPLUS) if set(label_set.labels) == present]
        expressions = tuple(label for label in FERPLUS.labels if label in present)
        own_set = LabelSet("own", (*expressions, *sorted(present.difference(expressions))))
        return (known[0] if known else own_set), labels

    def hints(self, names: Sequence[str]) -> tuple[str, ...]:
        """A sentence on names that are not understood but likely to mean expressions, or on numbers; or none."""
        odd = [name for name in names if self.means(name) is None and not self.is_told(name)]
        numbers = {name for name in odd if name.strip().isdecimal()}
        sets = [preset for preset, meant in NUMBERED.items() if min(meant) in numbers and numbers <= set(meant)]
        if sets:
            said = " or ".join(f"`labels` {preset}" for preset in sets)
            return (f"are {', '.join(sorted(numbers))} a data set's numbers? {said}",)
        likely = {name: label for name in odd if (label := likely_label(name))}
        if not likely:
            return ()
        said = ",".join(f"{name}={label}" for name, label in likely.items())
        return (f"{', '.join(likely)}: did you mean {', '.join(likely.values())}? `labels` {said}",)

    def _check(self, where: str, spelt: Mapping[str, str]) -> None:
        """DataError for a told folder that is not there, and for a label that is neither expression nor folder."""
        for name, label in self._told.items():
            if name not in spelt:
                if name.isdecimal():
                    continue
                raise DataError(
                    f"{where} has no class folder '{name}' for `labels` {name}={label}; there are "
                    f"{', '.join(sorted(spelt.values()))}."
                )
            if expression(label) is None and _plain(label) not in spelt:
                likely = likely_label(label)
                raise DataError(
                    f"`labels` {name}={label}: {label} is no expression and no class folder of {where}. "
                    + (f"Did you mean {likely}?" if likely else f"Expressions are {', '.join(FERPLUS.labels)}.")
                )


def _plain(name: str) -> str:
    return name.strip().casefold()
