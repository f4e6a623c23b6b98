"""Evaluation as text for a terminal. Shares are cut off after a tenth, never rounded up."""

from collections.abc import Sequence

from fer_models.card import Score
from fer_models.evaluation.calibration import BINS
from fer_models.evaluation.comparison import Comparison, verdict
from fer_models.evaluation.faithfulness import MapScores
from fer_models.evaluation.other_data import OtherData
from fer_models.evaluation.regions import RegionScores
from fer_models.evaluation.report import Report
from fer_models.evaluation.robustness import RobustnessScore
from fer_models.evaluation.surgery import Surgery
from fer_models.face_parts import REGIONS
from fer_models.text import interval_text, share_text


def report_table(checkpoint: str, score: Score, report: Report) -> str:
    """What was scored and how well, then a line for every expression."""
    width = max(12, *(len(part.label) + 2 for part in report.classes))
    recall_heading = f"{'recall':>9}{'95 % interval':>20}"
    lines = [
        f"{checkpoint} on {score.split}: {report.count:,} faces labelled by the rule {score.label_rule}, one view each",
        f"  accuracy  {share_text(report.accuracy)}  (95 % interval {interval_text(report.accuracy_interval)})",
        f"  macro-F1  {share_text(report.macro_f1)}  (95 % interval {interval_text(report.macro_f1_interval)})",
        f"  ECE       {report.calibration.ece:.4f}  (expected calibration error, {BINS} bins of equal width)",
        *([f"  note      {score.note}"] if score.note else []),
        f"  {'expression':<{width}}{'precision':>16}{recall_heading}{'F1':>9}{'support':>9}",
    ]
    for part in report.classes:
        interval = interval_text(part.recall_interval) if part.recall_interval else "no faces"
        precision = share_text(part.precision) if part.answered else "never answered"
        lines.append(
            f"  {part.label:<{width}}{precision:>16}{share_text(part.recall):>9}{interval:>20}"
            f"{share_text(part.f1):>9}{part.support:>9,}"
        )
    lines.append("  Intervals: bootstrap over the faces; Wilson's where every face is right or every one wrong.")
    return "\n".join(lines)


def other_lines(found: OtherData) -> str:
    """What of another data set was compared, and what could not be."""
    lines = [*found.sentences()]
    if found.aligned is False:
        lines[-1] += " --align finds the face in each and cuts it out."
    return "\n".join(f"  {line}" for line in lines)


def confusion_table(report: Report) -> str:
    """Counts, a row for every true label and a column for every predicted one."""
    names = [part.label for part in report.classes]
    widths = [max(len(name), 6) + 2 for name in names]
    corner = "true \\ predicted".ljust(max(map(len, names)))
    lines = [f"  {corner}" + "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))]
    for name, row in zip(names, report.confusion, strict=True):
        counts = "".join(f"{count:>{width},}" for count, width in zip(row, widths, strict=True))
        lines.append(f"  {name.ljust(len(corner))}{counts}")
    return "\n".join(lines)


def regions_table(found: RegionScores) -> str:
    """For every expression what covering each region does to its score, and the share of Grad-CAM in the region."""
    width = max(12, *(len(label) + 2 for label in found.labels))
    lines = [
        f"{found.checkpoint} on {found.split}: change of the score (logit) by covering a region | share of Grad-CAM",
        f"  {'expression':<{width}}{'faces':>6}" + "".join(f"{region:>16}" for region in REGIONS),
    ]
    for label in found.labels:
        rows = found.of(label)
        cells = (f"{rows[region].change:+.2f} |{rows[region].share:>5.0%}" for region in REGIONS)
        lines.append(f"  {label:<{width}}{rows['mouth'].faces:>6}" + "".join(f"{cell:>16}" for cell in cells))
    lines.append("  Regions are the same for every face, approximate, and larger ones hide more.")
    return "\n".join(lines)


def robustness_table(clean: Score, found: Sequence[RobustnessScore]) -> str:
    """Accuracy under every distortion and what it costs against the faces as they are."""
    lines = [
        f"  {'faces':<38}{'accuracy':>10}{'95 % interval':>20}{'drop, points':>14}{'95 % interval':>17}",
        f"  {'as they are':<38}{share_text(clean.accuracy):>10}{interval_text(clean.interval):>20}",
    ]
    for part in found:
        lines.append(
            f"  {part.name + ', ' + part.parameter:<38}{share_text(part.score.accuracy):>10}"
            f"{interval_text(part.score.interval):>20}{100 * part.drop:>14.1f}{_points(part.drop_interval):>17}"
        )
    lines.append("  Eyes and mouth are covered where faces have them that are framed like FER2013's.")
    lines.append("  Intervals: Wilson's of accuracy, as on the card; Agresti and Min's, for pairs, of the drop.")
    return "\n".join(lines)


def surgery_table(found: Surgery) -> str:
    """Accuracy with every gate, every kind and all gates replaced, against the untouched network on the same faces."""
    width = max(len(row.gate) for row in found.rows) + 2
    lines = [
        f"{found.checkpoint} on {found.count:,} faces of {found.split}, untouched: {share_text(found.accuracy)}  "
        f"(95 % interval {interval_text(found.interval)})",
        f"  {'gate':<{width}}{'replaced by':<16}{'accuracy':>9}{'macro-F1':>10}"
        f"{'change, points':>16}{'95 % interval':>17}{'p':>8}{'faces':>7}",
    ]
    for row in found.rows:
        way = f"{row.way} {row.draw + 1}" if row.way == "another face" else row.way
        p_value = f"{row.p_value:.3f}" if row.p_value >= 0.001 else "<0.001"
        lines.append(
            f"  {row.gate:<{width}}{way:<16}{share_text(row.accuracy):>9}{share_text(row.macro_f1):>10}"
            f"{100 * row.difference:>+16.1f}{_points(row.difference_interval, '+'):>17}{p_value:>8}{row.count:>7,}"
        )
    lines.append(f"  The average face is of {found.average}. p: McNemar's exact test, one row at a time.")
    return "\n".join(lines)


def comparison_text(found: Comparison) -> str:
    """McNemar's table, the difference and what it means."""
    return "\n".join(
        [
            f"{found.a} against {found.b} on the same {found.count:,} faces of {found.split}",
            f"  both right {found.both_right:,}; only {found.a} {found.only_a:,}; only {found.b} {found.only_b:,}; "
            f"neither {found.neither:,}",
            f"  difference of accuracy {100 * found.difference:+.1f} points "
            f"(95 % interval {_points(found.difference_interval, '+')})",
            f"  McNemar's exact test gives {verdict(found, found.a, found.b)}",
        ]
    )


def faithfulness_table(found: MapScores) -> str:
    """A line for every map from the truest down, and for every control."""
    lines = [
        f"{found.checkpoint} on {found.faces:,} faces of {found.split}: places of {found.grid} x {found.grid} covered "
        f"in each map's order, {found.steps} steps, by {' or '.join(found.fills)} in turn",
        f"  {'map':<44}{'faces':>6}{'gain':>8}{'95 % interval':>18}{'better than a face-shaped guess':>33}",
    ]
    for score in sorted(found.scores, key=lambda score: -score.gain):
        low, high = score.interval
        name = f"({score.name})" if score.control else f"{score.name} {score.layer or ''} {score.side} x {score.side}"
        verdict = "" if score.control else score.verdict
        lines.append(f"  {name:<44}{score.faces:>6,}{score.gain:>+8.3f}{f'{low:+.3f} to {high:+.3f}':>18}{verdict:>33}")
    lines.append("  Gain: symmetric relevance gain of the predicted label's probability; a map in no order has 0.")
    lines.append("  In brackets: maps that know nothing of the network. Intervals: Student's over faces.")
    return "\n".join(lines)


def _points(interval: tuple[float, float], sign: str = "") -> str:
    low, high = (100 * end for end in interval)
    return f"{low:{sign}.1f} to {high:{sign}.1f}"
