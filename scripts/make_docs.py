"""Write what the documents state of checkpoints and networks: scores from the cards, costs by counting.

A document marks the places. What stands between ``<!-- made by `make docs`: NAME -->`` and ``<!-- end -->`` is written
anew by the function NAME below; all else is left alone.

    python scripts/make_docs.py
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from fer_models.card import Card, Score
from fer_models.checkpoints import read_card
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.evaluation.comparison import SIGNIFICANT
from fer_models.evaluation.stored import load_measured
from fer_models.evaluation.surgery import KIND, Surgery
from fer_models.labels import display_order
from fer_models.networks import PAPER_NETWORKS, find_variant, list_networks, network_cost
from fer_models.reproduction import find_table
from fer_models.text import interval_text, listed, share_text
from fer_models.training.recipe import Recipe
from fer_models.training.recipes import recipe_of
from fer_models.training.start.published import start_of

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = ROOT / "checkpoints"
DOCUMENTS = ("README.md", "docs/checkpoints.md", "docs/papers.md", "docs/training-log.md", "docs/gates.md")
_PLACE = re.compile(r"(<!-- made by `make docs`: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_RULES = (STANDARD_RULE, "fer2013")
#: Checkpoint -> the table, row and column in which its paper prints such a score.
PRINTED = {
    "mobilenetv3_simam.ferplus": ("001-T3", "Proposed network", "FERPlus"),
    "mobilenetv3_cpsca.ferplus": ("002-T5", "CPSCA", "FERPlus"),
    "a_mobilenet.ferplus": ("003-T3", "A-MobileNet", "accuracy"),
    "mobilenetv3_simam.fer2013": ("001-T3", "Proposed network", "FER2013"),
    "efficientnet_b0_attention.fer2013": ("004-F4", "accuracy", "f1-score"),
}
#: Checkpoint -> what we aim at on PublicTest, in per cent.
AIMS = {
    "mobilenetv3_simam.ferplus": 86.5,
    "mobilenetv3_cpsca.ferplus": 88.5,
    "a_mobilenet.ferplus": 89.0,
    "efficientnet_b0_attention.ferplus": 88.5,
    "mobilenetv3_simam.fer2013": 69.0,
    "efficientnet_b0_attention.fer2013": 71.5,
}


def main() -> None:
    for name in DOCUMENTS:
        document = ROOT / name
        document.write_text(written(document.read_text(encoding="utf-8")), encoding="utf-8")


def written(text: str) -> str:
    """A document's text with every marked place written anew. KeyError for a place that no function here writes."""
    return _PLACE.sub(lambda place: f"{place[1]}{PLACES[place[2]]()}\n{place[3]}", text)


def paper_scores() -> str:
    """The four papers' networks on FERPlus's labels: a table for each start."""
    scored = [(card, score) for card, score in _scored(STANDARD_RULE) if card.network in PAPER_NETWORKS]
    scored.sort(key=lambda one: PAPER_NETWORKS.index(one[0].network))
    tables = []
    for start in dict.fromkeys(start_of(card) for card, _ in scored):
        rows = []
        for card, score in scored:
            if start_of(card) == start:
                parameters = f"{network_cost(card.network, len(card.labels)).parameters / 1e6:.1f} M"
                authors = find_variant(card.network).authors
                rows.append((f"`{card.name}`", authors, parameters, *_told(score)))
        tables.append(_table((start, "paper", "parameters", "accuracy", "95 % interval", "macro-F1"), rows))
    return "\n\n".join(tables)


def checkpoint_scores() -> str:
    """Every checkpoint's score, in one table for each rule and start: a better start is no better network."""
    tables = []
    for rule in _RULES:
        scored = sorted(_scored(rule), key=lambda one: (start_of(one[0]), -one[1].accuracy))
        split, count = scored[0][1].split, scored[0][1].count
        tables.append(f"Labels by the rule `{rule}`, {split}, {count:,} faces:")
        for start, group in groupby(scored, key=lambda one: start_of(one[0])):
            rows = [(f"[`{card.name}`](#{_anchor(card)})", *_told(score)) for card, score in group]
            tables.append(_table((start, "accuracy", "95 % interval", "macro-F1"), rows))
    return "\n\n".join(tables)


def checkpoint_sections() -> str:
    """One section a checkpoint: what it is, how good, how it was made, what may be done with it."""
    return "\n\n".join(_section(card, score) for rule in _RULES for card, score in _scored(rule))


def surgery() -> str:
    """Accuracy with every kind and all gates replaced, a table for each checkpoint it was measured for."""
    files = [CHECKPOINTS / f"{network}.ferplus.safetensors" for network in PAPER_NETWORKS]
    files += [file for file in sorted(CHECKPOINTS.glob("*.safetensors")) if file not in files]
    measured = [(read_card(file), load_measured(file, KIND, Surgery)) for file in files]
    return "\n\n".join(_replaced(card, found) for card, found in measured if found)


def _replaced(card: Card, found: Surgery) -> str:
    heads = ("replaced", "average face", "another face", "one number", "identity", "mirrored", "shuffled")
    ways = ("average face", "another face", "number", "identity", "mirror", "shuffle")
    gates = dict.fromkeys(row.gate for row in found.rows if row.scope != "gate")
    lines = [
        ("all gates" if gate == "*" else f"`{gate}`", *(_replacement(found, gate, way) for way in ways))
        for gate in gates
    ]
    title = find_variant(card.network).title
    return (
        f"**{title}** (`{found.checkpoint}`), {found.count:,} faces of {found.split} by the rule `{found.label_rule}`; "
        f"untouched {share_text(found.accuracy)} ({interval_text(found.interval)}), macro-F1 "
        f"{share_text(found.macro_f1)}:\n\n{_table(heads, lines)}\n\nMade by `{found.command}`."
    )


def _replacement(found: Surgery, gate: str, way: str) -> str:
    """'85.5 % (66.6), *': accuracy, macro-F1, and a star where McNemar tells it from the untouched network."""
    row = found.row(gate, way)
    if row is None:
        return ""
    star = "*" if row.p_value < SIGNIFICANT else ""
    return f"{share_text(row.accuracy)} ({share_text(row.macro_f1).removesuffix(' %')}){star}"


def targets() -> str:
    """How far each paper's network is from what we aim at; what is missing is counted from the score as it is told."""
    accuracies = {card.name: score.accuracy for rule in _RULES for card, score in _scored(rule)}
    rows = []
    for name, target in AIMS.items():
        paper = _printed(*PRINTED[name]) if name in PRINTED else "none"
        reached = share_text(accuracies[name])
        missing = max(0, target - float(reached.removesuffix(" %")))
        rows.append((f"`{name}`", paper, f"{target} %", reached, f"{missing:.1f} points"))
    return _table(("checkpoint", "paper", "target", "reached", "missing"), rows)


def networks() -> str:
    """Every registered network: what it is, whose, and its cost for eight labels at 224 px."""
    rows = []
    for name in list_networks():
        cost, variant = network_cost(name), find_variant(name)
        costs = f"{cost.parameters:,}", _millions(cost.macs)
        rows.append((f"`{name}`", variant.summary, variant.authors, *costs))
    return _table(("network", "what it is", "paper", "parameters", "MACs"), rows)


#: What a mark names -> what writes that place.
PLACES: dict[str, Callable[[], str]] = {
    function.__name__: function
    for function in (paper_scores, checkpoint_scores, checkpoint_sections, surgery, targets, networks)
}


def _scored(rule: str) -> list[tuple[Card, Score]]:
    """The checkpoints of this source tree with a score by this rule, and that score."""
    cards = [read_card(file) for file in sorted(CHECKPOINTS.glob("*.safetensors"))]
    return [(card, score) for card in cards for score in card.scores if score.label_rule == rule]


def _section(card: Card, score: Score) -> str:
    cost = network_cost(card.network, len(card.labels))
    size = (CHECKPOINTS / f"{card.name}.safetensors").stat().st_size / 1e6
    assert card.data is not None
    left_out = f", {card.data.leaked_rows_left_out:,} that repeat a test picture left out"
    order = [label for index in display_order(card.labels) if (label := card.labels[index]) in score.recall]
    facts = {
        "Score": score.sentence(),
        "Start": f"{card.initialisation}.",
        "Learnt from": f"{card.data.dataset}, rule `{card.data.label_rule}`: {card.data.rows:,} faces{left_out}.",
        "Recipe": f"{_recipe_summary(recipe_of(card))}; epoch {card.epoch} kept, seed {card.seed}.",
        "Size": f"{size:.1f} MB as {card.weights}; {cost.parameters:,} parameters.",
        "Licence": card.licence,
    }
    recalls = _table(["", *order], [["recall", *(share_text(score.recall[label]) for label in order)]])
    told = "\n".join(f"- **{name}**: {text}" for name, text in facts.items())
    variant = find_variant(card.network)
    about = f"{variant.title} (`{card.network}`). {variant.summary} {variant.paper.rstrip('.')}."
    return f"### `{card.name}`\n\n{about}\n\n{recalls}\n\n{told}"


def _recipe_summary(recipe: Recipe) -> str:
    """What of a recipe decides most, in a line; all of it is on the card."""
    stages = listed([f"{stage.epochs} epochs at {stage.side} px" for stage in recipe.stages])
    optimiser = f"{recipe.optimizer} at {recipe.learning_rate:g}, {recipe.schedule}"
    teachers = listed([f"`{name}`" for name in recipe.teachers])
    extra = {
        "votes as soft targets": recipe.soft_targets,
        f"rows drawn by class size to the power {recipe.oversample:g}": recipe.oversample,
        f"label smoothing {recipe.loss.label_smoothing:g}": recipe.loss.label_smoothing,
        f"centre loss {recipe.loss.centre:g}": recipe.loss.centre,
        f"Mixup {recipe.mixup:g}": recipe.mixup,
        f"sharpness-aware steps {recipe.sam:g}": recipe.sam,
        f"averaged weights ({recipe.ema_decay:g})": recipe.ema_decay,
        f"{100 * recipe.teaching:g} % of each target from {teachers}": recipe.teachers,
    }
    always = (stages, f"batches of {recipe.batch_size}", optimiser, f"weight decay {recipe.weight_decay:g}")
    return "; ".join([*always, *(text for text, on in extra.items() if on)])


def _told(score: Score) -> tuple[str, str, str]:
    return share_text(score.accuracy), interval_text(score.interval), share_text(score.macro_f1)


def _printed(table: str, label: str, column: str) -> str:
    """A cell of a paper's table, as it is printed."""
    found = find_table(table)
    (row,) = (row for row in found.rows if row.label == label)
    return row.paper[found.columns.index(column)].text


def _millions(count: int) -> str:
    return f"{count / 1e6:,.0f} M"


def _anchor(card: Card) -> str:
    """The link that GitHub and others give a heading that is a checkpoint's name."""
    return card.name.replace(".", "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
