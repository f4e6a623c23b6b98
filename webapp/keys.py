"""What a link can hold: every key of the address with its type, its default and whether a link may hide its control.

Names and defaults are in links: neither ever changes.
"""

from dataclasses import dataclass

Value = str | int | bool | list[str]


@dataclass(frozen=True)
class Choice:
    """One of several ids. The page says which there are, and the default where it depends on what is there.

    Of former links the words of an option are understood as well (``?network=A-MobileNet``), in any case.
    """

    name: str
    noun: str
    default: str | None = None
    hideable: bool = True


@dataclass(frozen=True)
class Number:
    """A whole number from ``low`` to ``high``."""

    name: str
    noun: str
    default: int
    low: int
    high: int
    hideable: bool = True


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name: str
    noun: str
    default: bool = False
    hideable: bool = True


@dataclass(frozen=True)
class Several:
    """Some of several ids, in order, with commas between them in the address. The page says which there are."""

    name: str
    noun: str
    hideable: bool = True


@dataclass(frozen=True)
class Text:
    """A text of a form that the page knows, such as what was painted by hand; empty where there is none."""

    name: str
    noun: str
    default: str = ""
    hideable: bool = False


Key = Choice | Number | Switch | Several | Text

NETWORK = Choice("network", "network")
# Recognise.
PICTURE = Choice("picture", "kind of picture", "sample")
SAMPLE = Choice("sample", "sample", "happiness")
COMPOSITE = Choice("composite", "composite", "1")
#: Which face of a visitor's picture, by its number, or 'whole' or 'box'.
PART = Choice("part", "part of the picture")
#: The edges of the box, in percent of the picture.
EDGES = tuple(
    Number(name, f"{name} edge", default, 0, 100, hideable=False)
    for name, default in (("left", 25), ("top", 15), ("right", 75), ("bottom", 85))
)
EXPLAIN = Choice("explain", "expression", "predicted")
OPACITY = Number("opacity", "opacity", 60, 0, 100)
CONTRAST = Choice("contrast", "contrast", "picture")
#: What of SimAM is shown: its gate, or the energy that the gate is made of.
SIMAM = Choice("simam", "of SimAM", "gate")
#: The middle of the patch that covers a part of the face, its width in percent of the face's side, and what it is of.
COVER = Text("cover", "covered place")
PATCH = Number("patch", "size of the patch", 25, 10, 60)
FILL = Choice("fill", "filling of the patch", "mean")
#: How a map is made, and the block at whose output; the default layer is the last map.
METHOD = Choice("method", "method", "grad-cam")
LAYER = Choice("layer", "layer", "last")
# Compare.
VARY = Choice("vary", "kind of comparison", "network")
NETWORKS = Several("networks", "network")
METHODS = Several("methods", "method")
LAYERS = Several("layers", "layer")
FACES = Several("faces", "face")
GATE = Choice("gate", "gate", "first")
GATES = Switch("gates", "choice of gates")
NOISE = Choice("noise", "map", "nothing")
# Operate.
OPERATED = Choice("operated", "gate", "all")
WAY = Choice("way", "replacement", "average")
OTHER = Choice("other", "other face")
BRUSH = Number("brush", "brush", 0, 0, 100)
PAINTED = Text("painted", "painted gate")
#: Gates that stay replaced while another is operated on: gate~replacement, with commas between.
KEPT = Text("kept", "kept replacements")
# Trust.
#: How many parts of the network are random, from the head on.
RANDOM = Choice("random", "step of randomisation", "1")
# Evaluation.
SPLIT = Choice("split", "scored part")
COMPARE = Choice("compare", "comparison", "nothing")
CELLS = Choice("cells", "kind of cells", "shares")
TRUE = Choice("true", "expression", "sadness")
PREDICTED = Choice("predicted", "expression", "neutral")
TABLE = Choice("table", "table", "003-T3")
FORM = Choice("form", "form")
RUNS = Switch("runs", "choice of runs")
# Fine-tune.
JOB = Text("job", "job")
#: Where pictures come from.
PICTURES = Choice("pictures", "kind of pictures", "zip")
TRAIN = Choice("train", "part that learns", "head")
EPOCHS = Number("epochs", "number of epochs", 20, 0, 1000)
EARLY_STOP = Number("early_stop", "early stop", 0, 0, 1000)
KEEP_LABELS = Switch("keep_labels", "choice of labels")
SEED = Number("seed", "seed", 0, 0, 999_999_999)
#: Jobs whose curves are drawn beside the one at hand.
BESIDE = Several("beside", "job", hideable=False)

_FACE: tuple[Key, ...] = (PICTURE, SAMPLE, COMPOSITE, PART, *EDGES, COVER, PATCH, FILL)
_RECOGNISE: tuple[Key, ...] = (EXPLAIN, OPACITY, CONTRAST, SIMAM, METHOD, LAYER)
_COMPARE: tuple[Key, ...] = (VARY, NETWORKS, METHODS, LAYERS, FACES, GATE, GATES, NOISE)
_OPERATE: tuple[Key, ...] = (OPERATED, WAY, OTHER, BRUSH, PAINTED, KEPT)
_TRUST: tuple[Key, ...] = (RANDOM,)
_EVALUATION: tuple[Key, ...] = (SPLIT, COMPARE, CELLS, TRUE, PREDICTED, TABLE, FORM, RUNS)
_FINE_TUNE: tuple[Key, ...] = (JOB, PICTURES, TRAIN, EPOCHS, EARLY_STOP, KEEP_LABELS, SEED, BESIDE)
_PAGES = (_FACE, _RECOGNISE, _COMPARE, _OPERATE, _TRUST, _EVALUATION, _FINE_TUNE)
KEYS: dict[str, Key] = {key.name: key for key in (NETWORK, *(key for page in _PAGES for key in page))}
#: The key that names controls which are not drawn, with commas between.
HIDE = "hide"
#: Keys of former links: what took their place, and which of its values each of theirs means.
FORMER: dict[str, tuple[Choice, dict[str, str]]] = {"stretch": (CONTRAST, {"true": "picture", "false": "same"})}
