"""What `ferscope evaluate` does with its options: score checkpoints, print, compare, store."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from fer_models.atomic import written_aside
from fer_models.card import Card, Score
from fer_models.checkpoints import find_checkpoint
from fer_models.classifier import load_classifier
from fer_models.cli.common import warn
from fer_models.cli.evaluation_tables import (
    comparison_text,
    confusion_table,
    other_lines,
    report_table,
    robustness_table,
)
from fer_models.data import DataError, Faces, read_labels
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.evaluation.comparison import compare
from fer_models.evaluation.distortions import DISTORTIONS
from fer_models.evaluation.other_answers import predict_other, replaces_others, save_other
from fer_models.evaluation.other_data import NOTE, OtherFaces, data_place, read_other, why_other
from fer_models.evaluation.predictions import Predictions, predict_split, save_predictions
from fer_models.evaluation.report import Report, make_report
from fer_models.evaluation.robustness import RobustnessScore, measure_robustness
from fer_models.evaluation.scores import score
from fer_models.evaluation.seen import what_it_saw
from fer_models.evaluation.split import Making, Split, made_by, read_split


@dataclass(frozen=True)
class Scored:
    """Faces to score a checkpoint on: a split of its own data set, or what compares of another one."""

    faces: Faces
    split: Split | None
    other: OtherFaces | None


#: From a checkpoint's card to the faces.
ReadFaces = Callable[[Card], Scored]


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
    align: bool | None = None
    labels: str = ""
    called: str = ""


@dataclass(frozen=True)
class Evaluation:
    """All that was found out about one checkpoint."""

    predictions: Predictions
    score: Score
    report: Report
    robustness: list[RobustnessScore]

    def as_dict(self) -> dict:
        """The score as on a card (``interval`` is Wilson's), then the report with its bootstrap intervals.

        ``another_data_set`` is there only where it is one, and says what of it was compared.
        """
        found = {"checkpoint": self.predictions.checkpoint} | self.score.model_dump() | self.report.model_dump()
        if self.predictions.other is not None:
            found["another_data_set"] = self.predictions.other.model_dump()
        if self.robustness:
            found["robustness"] = [part.model_dump() for part in self.robustness]
        return found


def run_evaluation(names: list[str], split: str | None, data: str | None, options: Options) -> bool:
    """Evaluate checkpoints and print; returns whether every one could be.

    Each is scored by its own label rule where ``data`` holds its data set (see ``read_split``), else by the labels that
    both have in common (see ``read_other``). One that cannot be evaluated is named on standard error, and the others go
    on. Raises ValueError (or a kind of it) or OSError when there is no such folder or ``out`` cannot be written.
    """
    place = data_place(data)
    if options.out and not options.out.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {options.out.parent} for {options.out.name}.")
    read = _reader(place, split, options)
    done = []
    for name in names:
        try:
            found = _evaluate_one(name, read, options)
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


def _reader(place: Path, wanted: str | None, options: Options) -> ReadFaces:
    """What reads faces for one checkpoint after another; those that are made alike share what is read."""

    told = read_labels(options.labels)

    @functools.cache
    def read_own(rule: str, making: Making) -> Split:
        found = read_split(place, rule, wanted, making, skip_bad=options.skip_bad, any_count=options.any_count)
        if found.skipped:
            warn(f"left out, because they cannot be read ({len(found.skipped):,}): {', '.join(found.skipped)}")
        return found

    def read(card: Card) -> Scored:
        rule = card.label_rule or STANDARD_RULE
        why = why_other(place, card, rule, any_count=options.any_count, told=told)
        if not why:
            if options.align is not None:
                raise ValueError("Faces of a checkpoint's own data set are framed as it was trained, without `align`.")
            making = made_by(card)
            split = read_own(rule, replace(making, labels=tuple(told.items())) if told else making)
            return Scored(split.faces, split, None)
        try:
            other = read_other(
                place, card, wanted, align=options.align, skip_bad=options.skip_bad, told=told, called=options.called
            )
        except DataError as error:
            raise DataError(f"{why} As another data set it cannot be scored either: {error}") from error
        for hint in other.hints:
            warn(hint)
        return Scored(other.faces, None, other)

    return read


def _evaluate_one(name: str, read: ReadFaces, options: Options) -> Evaluation:
    weights, classifier = find_checkpoint(name), load_classifier(name)
    card = classifier.card
    scored = read(card)
    faces = scored.faces
    passes = 1 + (len(DISTORTIONS) if options.robustness else 0)
    # Not on a terminal this prints the label alone.
    with typer.progressbar(length=passes * len(faces), label=f"Scoring {card.name}", file=sys.stderr) as bar:
        if scored.other is not None:
            found = predict_other(classifier, scored.other, advance=bar.update)
            title, note, outputs = found.split, NOTE, scored.other.outputs
        else:
            assert scored.split is not None
            split, rule = scored.split, card.label_rule or STANDARD_RULE
            found = predict_split(classifier, faces, split=split.name, label_rule=rule, advance=bar.update)
            title, note, outputs = split.title, what_it_saw(card, split.name, rule), None
        report = make_report(found.labels, found.probabilities, found.names)  # refuses what must not be stored
        if options.store:
            _store(found, weights)
        robustness = (
            measure_robustness(
                classifier,
                faces,
                split=title,
                label_rule=found.label_rule,
                clean=found.probabilities,
                outputs=outputs,
                advance=bar.update,
            )
            if options.robustness
            else []
        )
    found_score = score(
        found.labels, found.probabilities, found.names, split=title, label_rule=found.label_rule, note=note
    )
    return Evaluation(found, found_score, report, robustness)


def _store(found: Predictions, weights: Path) -> None:
    if found.other is None:
        save_predictions(found, weights)
        return
    if replaces_others(found, weights):
        warn(f"answers to other pictures, also called {found.other.name}, were stored and are replaced")
    # These lie elsewhere than the weights.
    warn(f"stored as {save_other(found, weights)}")


def _text(found: Evaluation, options: Options) -> str:
    parts = [report_table(found.predictions.checkpoint, found.score, found.report)]
    if found.predictions.other is not None:
        parts.append(other_lines(found.predictions.other))
    if options.confusion:
        parts.append(confusion_table(found.report))
    if options.robustness:
        parts.append(robustness_table(found.score, found.robustness))
    return "\n\n".join(parts) + "\n"
