"""Names and plain words for networks and mechanisms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_models.card import Card, Score
from fer_models.data.catalogue import DATA_SETS, LABEL_RULES, data_set_of
from fer_models.networks.registry import VARIANTS
from fer_models.text import listed, share_text

if TYPE_CHECKING:
    from fer_models.evaluation import Comparison


#: What a network's name is followed by, by the data set that the checkpoint is named after; FERPlus is the usual one.
_TRAINED_ON = {row.suffix: "" if row.suffix == "ferplus" else f" ({row.title})" for row in DATA_SETS if row.label_set}


@dataclass(frozen=True)
class MechanismWords:
    """What the page says of an attention mechanism.

    ``title`` is its section's, ``name`` a layer's own; ``unit`` goes under the colour bar or the axis.
    """

    title: str
    name: str
    text: str
    unit: str


_SEE_FACE = "Point at a map, tap it, or reach it with the Tab key, to see the face beneath."
#: By the name of the mechanism's class in fer_models.attention.
MECHANISMS = {
    "SimAM": MechanismWords(
        "SimAM",
        "SimAM",
        "The further a value lies from its channel's mean, the more of it SimAM lets pass. It has no parameters, never "
        "falls below 0.622, and is blind to sign and class: the same picture gives the same gate whichever expression "
        "is predicted. Each map is the mean over channels of channels × height × width values. " + _SEE_FACE,
        "Gate, mean over channels. Each value of a feature map is multiplied by its own; 1 lets it pass whole.",
    ),
    "CoordinateAttention": MechanismWords(
        "Coordinate attention",
        "CA",
        "Each channel has one weight for every row and one for every column; the gate is their product. A cross is "
        "therefore there by construction (rank 1) and says nothing about the face. CA sums rows and columns up by "
        "their mean, MAXCA by their maximum, CPSCA by both. Bars along the edges: mean over channels, the thin lines "
        "from the 10th to the 90th percentile. Map: mean over channels of rows times columns. " + _SEE_FACE,
        "Gate, mean over channels. 1 lets a value pass whole, 0 stops it.",
    ),
    "CBAM": MechanismWords(
        "CBAM, channels then places",
        "CBAM",
        "CBAM gives each channel one weight, then each place one weight. Channel weights are drawn sorted from high to "
        "low: they say which kind of feature passes, not where. The map says where. " + _SEE_FACE,
        "Gate; the plots' height runs over the same range. 1 lets a value pass whole, 0 stops it.",
    ),
    "SqueezeExcite": MechanismWords(
        "SE, squeeze and excitation",
        "SE",
        "One weight for each channel, the same at every place, drawn sorted from high to low. It says which kind of "
        "feature passes, not where. The dashed line is the middle of the range.",
        "Gate; the plots' height runs over this range. 1 lets a channel pass whole, 0 stops it.",
    ),
    "PointwiseGate": MechanismWords(
        "Pointwise gate",
        "Pointwise gate",
        "One weight for each channel at each place, computed from all channels at that place. The map is the mean over "
        "channels of channels × height × width values. " + _SEE_FACE,
        "Gate, mean over channels. 1 lets a value pass whole, 0 stops it.",
    ),
    "SpatialGate": MechanismWords(
        "Spatial gate",
        "Spatial gate",
        "One weight for each place, the same for all channels. " + _SEE_FACE,
        "Gate. 1 lets a value pass whole, 0 stops it.",
    ),
}


#: What the methods of fer_models.explanation.attribution are called.
METHODS = {
    "grad-cam": "Grad-CAM",
    "hires-cam": "HiResCAM",
    "grad-cam++": "Grad-CAM++",
    "layer-cam": "LayerCAM",
    "ablation-cam": "Ablation-CAM",
    "occlusion": "Covering each place",
    "integrated-gradients": "Integrated gradients",
    "input-x-gradient": "Input × gradient",
}

#: What each of them does, in a sentence or two.
METHOD_TEXTS = {
    "grad-cam": "Channels of a feature map, each weighted by how much it raises the score, laid over places.",
    "hires-cam": "As Grad-CAM, but each place of each channel has its own weight: it never marks what is not used.",
    "grad-cam++": "As Grad-CAM, with weights that count places where a channel raises the score, however few.",
    "layer-cam": "Places of each channel weighted by how much they raise the score; also sharp at early layers.",
    "ablation-cam": "Channels weighted by how much the score falls without them: no gradients.",
    "occlusion": "The score before, less the score with a patch over each place: red places raise it, blue places "
    "lower it. No gradients, no layers: the network answers once for every place.",
    "integrated-gradients": "Every pixel's share of the score, summed up on the way from an even grey to this face.",
    "input-x-gradient": "Every pixel times the score's gradient there: quick, and often no better than noise.",
}


def plain(text: str) -> str:
    """A text that Markdown shows as it is: file names and labels may hold what it would take for markup."""
    # A hyphen between letters is none, as in the names of our networks.
    return re.sub(r"(?!(?<=\w)-(?=\w))([!-/:-@\[-`{-~])", r"\\\1", text)


def _of_ours(checkpoint: str) -> tuple[str, str] | None:
    """Network and training of a checkpoint that has words here."""
    network, _, trained_on = checkpoint.partition(".")
    return (network, trained_on) if network in VARIANTS and trained_on in _TRAINED_ON else None


def network_name(checkpoint: str) -> str:
    """What a checkpoint is called on the page; a checkpoint that is not one of ours keeps its own name."""
    ours = _of_ours(checkpoint)
    return VARIANTS[ours[0]].title + _TRAINED_ON[ours[1]] if ours else checkpoint


def variant_name(network: str) -> str:
    """What a registered network is called, whoever trained it; another keeps its own name."""
    return VARIANTS[network].title if network in VARIANTS else network


def in_papers_order(checkpoints: list[str]) -> list[str]:
    """The four papers' networks in their order, their relatives, the same with other labels, then all others."""
    ordered = [(network, trained_on) for trained_on in _TRAINED_ON for network in VARIANTS]

    def place(checkpoint: str) -> tuple[int, str]:
        ours = _of_ours(checkpoint)
        return (ordered.index(ours) if ours else len(ordered)), checkpoint

    return sorted(checkpoints, key=place)


def network_summary(card: Card) -> str:
    """A checkpoint's network in one line."""
    variant = VARIANTS.get(card.network)
    return variant.summary if variant else f"The network {card.network}."


def authors_text(card: Card) -> str:
    """Who made a checkpoint's network, as a sentence: 'Nan et al. 2022.' Empty where that is not known."""
    variant = VARIANTS.get(card.network)
    return f"{variant.authors.rstrip('.')}." if variant else ""


def short_score(card: Card) -> str:
    """A card's first score, in a few words."""
    if not card.scores:
        return "not scored"
    return f"{share_text(card.scores[0].accuracy)} of {card.scores[0].count:,} faces"


def score_text(card: Card) -> str:
    """A card's scores in full sentences; 'Not scored' where there is none."""
    return " ".join(score.sentence() for score in card.scores) or "Not scored: its card has no test result."


def _recall_table(score: Score) -> str:
    """Recall of every expression on a split, as a Markdown table."""
    lines = [f"| {plain(label)} | {share_text(share)} |" for label, share in score.recall.items()]
    return "\n".join([f"| expression | recognised on {plain(score.split)} |", "|---|---|", *lines])


def card_text(card: Card) -> str:
    """What a checkpoint's card says, as Markdown: paper, data, score and rights."""
    variant = VARIANTS.get(card.network)
    data = "not stated"
    if card.data is not None:
        data = f"{card.data.rows:,} faces ({card.data.dataset}), labelled by: {label_rule_text(card.data.label_rule)}"
        if card.data.label_rule != card.label_rule:
            data += "; another rule than the one it is scored by"
        if card.data.leaked_rows_left_out:
            data += f"; {card.data.leaked_rows_left_out:,} that repeat a test picture were left out"
    taught = card.lineage.teachers
    lines = {
        "Network": f"{network_summary(card)} ({card.network})",
        "Paper": variant.paper if variant else "",
        "Checkpoint": f"{card.name}, {card.initialisation}" + (f"; taught by {listed(taught)}" if taught else ""),
        "Training data": data,
        "Score": score_text(card),
        "Input": f"grey, {card.preprocessing.source_side} pixels, enlarged to {card.preprocessing.input_side}",
        "Rights": card.licence,
    }
    texts = [f"**{name}:** {plain(text)}" for name, text in lines.items() if text]
    return "\n\n".join(texts + [_recall_table(score) for score in card.scores])


def label_rule_text(rule: str) -> str:
    """A label rule in plain words, with its name."""
    return f"{data_set_of(rule).rules[rule]} ({rule})" if rule in LABEL_RULES else rule


def comparison_sentences(found: Comparison) -> str:
    """Two checkpoints on the same faces, in sentences: who was right how often, the difference, McNemar's verdict."""
    from fer_models.evaluation.comparison import verdict

    a, b = network_name(found.a), network_name(found.b)
    low, high = (f"{100 * end:+.1f}".replace("-", "\N{MINUS SIGN}") for end in found.difference_interval)
    difference = f"{100 * found.difference:+.1f}".replace("-", "\N{MINUS SIGN}")
    return (
        f"Of the same {found.count:,} faces both got {found.both_right:,} right, only {a} {found.only_a:,}, only {b} "
        f"{found.only_b:,}, neither {found.neither:,}. Accuracy of {a} minus that of {b}: {difference} points "
        f"(95 % interval {low} to {high}). McNemar's exact test gives {verdict(found, a, b)}."
    )


NO_CHECKPOINT = (
    "There is no trained network here. Train one with “ferscope train”, or name a folder that holds checkpoints in the "
    "environment variable FERSCOPE_CHECKPOINTS, and reload this page."
)
PICTURES_NEED = "The pictures themselves are shown where the data set is at hand (environment variable FERSCOPE_DATA)."
PICTURES_NOT_KEPT = "The pictures of another data set are not kept."
EVALUATION_NOTES = """
- **The data.** FER2013 has 35,887 small grey faces found on the web. PublicTest is its first test part, PrivateTest its
  second, which is kept for the last word. FERPlus labelled them anew: ten people voted on each face, and a label rule
  says how votes become a label; “majority” leaves single votes out and keeps the faces on which more than half agree.
- **Where from.** What is said of a checkpoint is computed from the probabilities that it gave to every face of the test
  part, stored beside its weights; where they are missing, from its card. The papers' tables, the training curves and
  the runs among the costs come from results stored with FERScope. One view of each face, no averaging over several.
- **Forms.** Runs for the papers' tables have a short form (64 pixels, 8 epochs, one seed) and a full one, the paper's
  own recipe. Their epoch is chosen on a tenth of the training faces; a checkpoint's may be chosen on the part it is
  scored on, which flatters it.
- **Shares** are cut off after a tenth, never rounded up. The interval of accuracy is Wilson's; those of macro-F1 and
  recall are percentiles of 2,000 bootstrap samples of the faces, but Wilson's where every face is right or every one
  wrong. They tell how much the choice of faces matters, not how much another training run would.
- **Macro-F1** counts every expression alike, also those with a dozen faces.
- **Labels** are what people saw in a face. People disagree: no network can be expected to reach 100 %.
- **Starts.** Networks that started from weights of ImageNet (a million photos of things) or VGGFace2 (three million of
  faces), or were taught by such a network, have learnt from more than FER2013; no series mixes them with others.
  Whether pictures of FER2013's test parts were among those cannot be known; their expressions were not.
"""
