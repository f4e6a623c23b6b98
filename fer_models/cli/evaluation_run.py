"""What `ferscope evaluate` does with its options: score checkpoints, print, compare, store."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from fer_models.atomic import written_aside
from fer_models.card import Score
from fer_models.checkpoints import find_checkpoint
from fer_models.classifier import load_classifier
from fer_models.cli.common import warn
from fer_models.cli.evaluation_tables import comparison_text, confusion_table, report_table, robustness_table
from fer_models.data import data_folder
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.evaluation.comparison import compare
from fer_models.evaluation.distortions import DISTORTIONS
from fer_models.evaluation.predictions import Predictions, predict_split, save_predictions
from fer_models.evaluation.report import Report, make_report
from fer_models.evaluation.robustness import RobustnessScore, measure_robustness
from fer_models.evaluation.scores import score
from fer_models.evaluation.seen import what_it_saw
from fer_models.evaluation.split import Making, Split, made_by, read_split

#: From label rule, split and how the checkpoint was made to the faces of the split.
ReadSplit = Callable[[str, str | None, Making], Split]


@dataclass(frozen=True)
class Options:
    """What to print and keep; ``out`` is a JSON file with all of it."""

    as_json: bool = False
    out: Path | None = None
    confusion: bool = False
    store: bool = False
    compare: bool = False
    robustness: bool = False
    skip_bad: bool = False
    any_count: bool = False


@dataclass(frozen=True)
class Evaluation:
    """All that was found out about one checkpoint."""

    predictions: Predictions
    score: Score
    report: Report
    robustness: list[RobustnessScore]

    def as_dict(self) -> dict:
        """The score as on a card (``interval`` is Wilson's), then the report with its bootstrap intervals."""
        found = {"checkpoint": self.predictions.checkpoint} | self.score.model_dump() | self.report.model_dump()
        if self.robustness:
            found["robustness"] = [part.model_dump() for part in self.robustness]
        return found


def run_evaluation(names: list[str], split: str | None, data: str | None, options: Options) -> bool:
    """Evaluate checkpoints and print; returns whether every one could be.

    Each is scored by its own label rule on faces read from the folder ``data``; see ``read_split``. One that cannot be
    evaluated is named on standard error, and the others go on. Raises ValueError (or a kind of it) or OSError when
    there is no such folder or ``out`` cannot be written.
    """
    folder = data_folder(data)
    if options.out and not options.out.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {options.out.parent} for {options.out.name}.")

    @functools.cache
    def read(label_rule: str, split: str | None, making: Making) -> Split:
        found = read_split(folder, label_rule, split, making, skip_bad=options.skip_bad, any_count=options.any_count)
        if found.skipped:
            warn(f"left out, because they cannot be read ({len(found.skipped):,}): {', '.join(found.skipped)}")
        return found

    done = []
    for name in names:
        try:
            found = _evaluate_one(name, read, split, options)
        except (ValueError, OSError) as error:
            warn(f"{name}: {error}")
            continue
        done.append(found)
        typer.echo(json.dumps(found.as_dict()) if options.as_json else _text(found, options))
    complete = len(done) == len(names)
    document: dict = {"checkpoints": [found.as_dict() for found in done]}
    if options.compare and complete:
        try:
            comparison = compare(*(found.predictions for found in done))
        except ValueError as error:
            warn(error)
            complete = False
        else:
            document["comparison"] = comparison.model_dump()
            as_json = json.dumps({"comparison": document["comparison"]})
            typer.echo(as_json if options.as_json else comparison_text(comparison))
    if options.out:
        with written_aside(options.out) as aside:
            aside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return complete


def _evaluate_one(name: str, read: ReadSplit, wanted: str | None, options: Options) -> Evaluation:
    weights, classifier = find_checkpoint(name), load_classifier(name)
    card = classifier.card
    rule = card.label_rule or STANDARD_RULE
    split = read(rule, wanted, made_by(card))
    faces = split.faces
    passes = 1 + (len(DISTORTIONS) if options.robustness else 0)
    # Not on a terminal this prints the label alone.
    with typer.progressbar(length=passes * len(faces), label=f"Scoring {card.name}", file=sys.stderr) as bar:
        found = predict_split(classifier, faces, split=split.name, label_rule=rule, advance=bar.update)
        report = make_report(found.labels, found.probabilities, found.names)  # refuses what must not be stored
        if options.store:
            save_predictions(found, weights)
        robustness = (
            measure_robustness(
                classifier, faces, split=split.title, label_rule=rule, clean=found.probabilities, advance=bar.update
            )
            if options.robustness
            else []
        )
    return Evaluation(
        predictions=found,
        score=score(
            found.labels,
            found.probabilities,
            found.names,
            split=split.title,
            label_rule=rule,
            note=what_it_saw(card, split.name, rule),
        ),
        report=report,
        robustness=robustness,
    )


def _text(found: Evaluation, options: Options) -> str:
    parts = [report_table(found.predictions.checkpoint, found.score, found.report)]
    if options.confusion:
        parts.append(confusion_table(found.report))
    if options.robustness:
        parts.append(robustness_table(found.score, found.robustness))
    return "\n\n".join(parts) + "\n"
