"""The page "Operate" as HTML: answers side by side, every gate's switches, what happened behind, and the data set's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from fer_models.evaluation.surgery import Replaced, Surgery
from fer_models.explanation import Explanation, GateMap
from fer_models.explanation.replacements import Operated
from fer_models.labels import display_order
from fer_models.text import interval_text, share_text
from webapp.figures.answer import percent
from webapp.figures.colours import RULE_COLOUR, contrast_scale, expression_colour, signed_scale
from webapp.figures.gate_groups import GateGroup, Layer
from webapp.figures.matrix import cell_styles, signed
from webapp.figures.strips import NARROW, Frame, caption, colour_bar, map_picture, scrolling, values_text

#: Ways of replacing a gate by their ids in links: what operate calls them, their words, and what they are, in few.
WAYS = {
    "average": ("average face", "Average face's", "its mean over many faces"),
    "other": ("another face", "Another face's", "as computed for another face"),
    "number": ("number", "One number", "its own mean, the same everywhere"),
    "identity": ("identity", "Identity", "ones, as if it were not there"),
    "mirror": ("mirror", "Mirrored", "left and right exchanged"),
    "shuffle": ("shuffle", "Shuffled", "its places in another order"),
}
DARKEST = 5.0  # of the score: larger changes have the same colour
FOUR = ("average", "other", "number", "identity")  # which always stand side by side
_KINDS = {
    "simam": "SimAM gates",
    "pointwise": "pointwise gates",
    "se": "SE gates",
    "channel": "CBAM channel gates",
    "ca_h": "row gates",
    "ca_w": "column gates",
    "spatial": "CBAM place gates",
}
_PARTS = {"channel": "channels", "spatial": "places", "ca_h": "rows", "ca_w": "columns"}


@dataclass(frozen=True)
class Row:
    """A gate, a kind or all of them: its ``address`` for operate, its ``title``, and whether it has places."""

    address: str
    title: str
    places: bool

    @property
    def single(self) -> bool:
        """Whether it is one gate."""
        return ":" in self.address


def stylesheet() -> str:
    """What this page adds to the site's style sheet."""
    return f"<style>{Path(__file__).with_name('operate.css').read_text(encoding='utf-8')}</style>"


def rows_of(groups: Sequence[GateGroup]) -> dict[str, Row]:
    """All gates, every kind where there are several, every gate; by id, as links have it."""
    every = [(layer, gate) for group in groups for layer in group.layers for gate in layer.gates]
    kinds = list(dict.fromkeys(gate.kind for _, gate in every))
    rows = {"all": Row("*", "All gates", any(gate.places for _, gate in every))}
    for kind in kinds if len(kinds) > 1 else ():
        members = [gate for _, gate in every if gate.kind == kind]
        if len(members) > 1:
            rows[kind] = Row(kind, f"All {_KINDS[kind]}", bool(members[0].places))
    for layer, gate in every:
        address = f"{gate.layer}:{gate.kind}"
        rows[address] = Row(address, gate_name(layer, gate), bool(gate.places))
    return rows


def gate_name(layer: Layer, gate: GateMap) -> str:
    """'Block 4 · CBAM places'."""
    part = f" {_PARTS[gate.kind]}" if len(layer.gates) > 1 else ""
    return f"{layer.name} · {layer.mechanism}{part}"


def kind_words(kind: str) -> str:
    """'place gates'."""
    return _KINDS[kind]


def headline(eyebrow: str, words: str, number: str) -> str:
    """The answer, larger than anything else on the page."""
    return (
        f'<div class="fs-answer"><p class="fs-eyebrow">{escape(eyebrow)}</p>'
        f'<h2 class="fs-long"><span>{escape(words)}</span> <b>{escape(number)}</b></h2></div>'
    )


def answers_table(
    labels: Sequence[str], columns: Sequence[tuple[str, str, np.ndarray]], target: int, chosen: int
) -> str:
    """Probabilities side by side: a title, a few words and (K,) for each column; ``chosen`` is set off, from 0."""
    heads = "".join(
        f'<th scope="col"{" aria-current=true" if place == chosen else ""}>{escape(title)}'
        f"<small>{escape(detail)}</small></th>"
        for place, (title, detail, _) in enumerate(columns)
    )
    lines = "".join(
        f"<tr{' class=fs-target' if index == target else ''}>"
        f'<th scope="row">{escape(labels[index].capitalize())}</th>'
        + "".join(_probability(labels[index], values[index], values) for _, _, values in columns)
        + "</tr>"
        for index in display_order(labels)
    )
    changes = "".join(_change(columns[0][2], values, target) for _, _, values in columns)
    table = (
        f'<table class="fs-ways">{caption(f"Probability of each expression; each column adds up to 100{NARROW}%.")}'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{lines}</tbody>"
        f'<tfoot><tr><th scope="row">Answer</th>{changes}</tr></tfoot></table>'
    )
    return scrolling(table, "Answers side by side")


def change_text(seen: Explanation, operated: Operated, target: int) -> str:
    """What one replacement does to the target, in large type: its probability before and after."""
    before, after = seen.probabilities, operated.probabilities
    return (
        f'<div class="fs-change"><p>{escape(seen.labels[target].capitalize())}</p>'
        f"<p><b>{escape(percent(float(before[target]), 1))} → {escape(percent(float(after[target]), 1))}</b></p></div>"
    )


def _probability(label: str, probability: float, values: np.ndarray) -> str:
    first = "<b>" if probability == values.max() else "<span>"
    return (
        f'<td><i style="width:{100 * probability:.1f}%;background:{expression_colour(label)}" aria-hidden="true"></i>'
        f"{first}{escape(percent(float(probability)))}</{first[1:]}</td>"
    )


def _change(before: np.ndarray, after: np.ndarray, target: int) -> str:
    if after is before:
        return "<td>as it is</td>"
    return f"<td>{'the same' if after.argmax() == before.argmax() else 'another'}</td>"


def switches(
    rows: Mapping[str, Row],
    changes: Mapping[str, Mapping[str, float]],
    ways: Sequence[str],
    chosen: tuple[str, str],
    kept: Mapping[str, str],
) -> str:
    """Every gate as a row of switches, one of them pressed: the score's change (logit) is written on each.

    ``changes``: by row and way; a way that a gate does not have is missing. ``kept``: by row, the way in which a gate
    stays replaced whatever is pressed. components/matrix.js makes them work.
    """
    table = np.array([[changes[row].get(way, 0.0) for way in ways] for row in rows])
    # One gate that breaks everything must not take the colour from all others.
    scale = signed_scale([np.clip(table, -DARKEST, DARKEST) if table.any() else np.ones(1)])
    heads = "".join(f'<th scope="col"><span>{escape(WAYS[way][1])}</span></th>' for way in ways)
    lines = []
    for (id, row), styles in zip(rows.items(), cell_styles(table, scale), strict=True):
        cells = "".join(
            _switch((id, way), row, changes[id].get(way), style, (id, way) == chosen, kept.get(id) == way)
            for way, style in zip(ways, styles, strict=True)
        )
        lines.append(f'<tr><th scope="row">{escape(row.title)}</th>{cells}</tr>')
    return (
        '<table class="fs-matrix fs-switches" role="grid" aria-label="What takes each gate\'s place">'
        f"<thead><tr><td>Gate</td>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
        '<p class="fs-readout" aria-hidden="true"></p>'
    )


def _switch(at: tuple[str, str], row: Row, change: float | None, style: str, pressed: bool, kept: bool) -> str:
    if change is None:
        return "<td></td>"
    id, way = at
    said = f"{row.title}, {WAYS[way][1].lower()}{', kept' if kept else ''}: {signed(change, 2)} of the score"
    return (
        f'<td><button type="button" aria-label="{escape(said)}" aria-pressed="{str(pressed).lower()}" '
        f'tabindex="{0 if pressed else -1}" data-row="{escape(id)}" data-column="{way}" style="{style}"'
        f"{' data-kept' if kept else ''}>{signed(change, 1)}</button></td>"
    )


def behind_table(titles: Mapping[tuple[str, str], str], before: Sequence[GateMap], after: Sequence[GateMap]) -> str:
    """What happened to each gate from the first replaced one on: means before and after, and by how much it moved."""
    was = {(gate.layer, gate.kind): gate.values for gate in before}
    moved = [np.abs(gate.values - was[gate.layer, gate.kind]).mean() for gate in after]
    most = max([*map(float, moved), 1e-9])
    lines = "".join(
        f'<tr><th scope="row">{escape(titles[gate.layer, gate.kind])}</th>'
        f"<td>{was[gate.layer, gate.kind].mean():.3f}</td><td>{gate.values.mean():.3f}</td>"
        f'<td><i style="width:{100 * change / most:.1f}%" aria-hidden="true"></i></td><td>{change:.3f}</td></tr>'
        for gate, change in zip(after, map(float, moved), strict=True)
    )
    return (
        '<table class="fs-behind"><thead><tr><th scope="col">Gate</th><th scope="col">Mean before</th>'
        '<th scope="col">after</th><th scope="col" colspan="2">Moved by, a value</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def before_and_after(maps: Sequence[np.ndarray], title: str, way: str) -> tuple[str, list[Frame]]:
    """The colour bar and frames of one gate's map (h, w) as computed and as used, on one scale."""
    scale = contrast_scale("picture", (0.0, 1.0), maps)
    words = ("As computed", way)
    frames = [
        Frame(map_picture(values, scale, f"{title}, {said.lower()}"), said, values_text(values.shape))
        for values, said in zip(maps, words, strict=True)
    ]
    return colour_bar(scale, "Gate. 1 lets a value pass whole, 0 stops it.", maps, (0.0, 1.0)), frames


# --------------------------------------------------------------------------------------------------- over the data set


def measured_chart(found: Surgery, rows: Mapping[str, Row]) -> str:
    """Accuracy over the data set with each kind and all gates replaced: dots with their intervals, as a table."""
    shown = [(row.title, address) for row in rows.values() if (address := _measured_as(found, row.address))]
    low = min(row.interval[0] for row in found.rows)
    lines = "".join(_measured(found, title, address, low) for title, address in shown)
    heads = "".join(f'<th scope="col">{WAYS[way][1]}</th>' for way in FOUR)
    told = f"Share of right answers, with its 95{NARROW}% interval; the line is the untouched network."
    return scrolling(
        f'<table class="fs-measured">{caption(told)}'
        f'<thead><tr><th scope="col">Gate</th>{heads}</tr></thead><tbody>{lines}</tbody></table>',
        "Accuracy with gates replaced",
    )


def _measured_as(found: Surgery, address: str) -> str | None:
    """Under which name a gate was measured: the only one of its kind as the kind."""
    return next((name for name in (address, address.rpartition(":")[2]) if found.row(name, "identity")), None)


def _measured(found: Surgery, title: str, address: str, low: float) -> str:
    cells = "".join(_dot(row, low) for way in FOUR if (row := found.row(address, WAYS[way][0])) is not None)
    return f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>'


def _dot(row: Replaced, low: float) -> str:
    start, end, middle, untouched = (
        100 * (value - low) / (1 - low) for value in (*row.interval, row.accuracy, row.untouched)
    )
    return (
        f"<td><b>{share_text(row.accuracy)}</b><small>{interval_text(row.interval)}</small>"
        f'<div aria-hidden="true"><s style="left:{untouched:.1f}%"></s>'
        f'<i style="left:{start:.1f}%;width:{end - start:.1f}%;background:{RULE_COLOUR}"></i>'
        f'<u style="left:{middle:.1f}%"></u></div></td>'
    )
