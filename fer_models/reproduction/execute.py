"""One run, from data to result: an interrupted one goes on from its last save, a finished one is never repeated."""

import json
from pathlib import Path

from filelock import FileLock

from fer_models.card import Card
from fer_models.classifier import Classifier
from fer_models.data import TENTH, DataError, Faces, Parts, data_set_of
from fer_models.evaluation.scores import predict_faces
from fer_models.networks import create_network
from fer_models.reproduction.result import (
    OFFICIAL_SPLITS,
    RESULT,
    Result,
    SplitScore,
    read_result,
    score_split,
    write_result,
)
from fer_models.reproduction.runs import Run
from fer_models.training.events import METRICS, EpochRecord, Watch, ignore
from fer_models.training.loop import BEST, STATE, train
from fer_models.training.machine import THIS_MACHINE, Machine, versions
from fer_models.training.partition import plan, read_for
from fer_models.training.state import read_best


def complete(
    run: Run, out: Path, data: Path, split: str, *, machine: Machine = THIS_MACHINE, watch: Watch = ignore
) -> Result:
    """Do all of ``run`` that is not done: train, then score on ``split``.

    Args:
        run: what to train.
        out: folder of all runs; this one's is ``out / run.key``. A second process that is given the same run waits
            until the first has ended it, and then finds it done.
        data: folder of the data set.
        split: 'PublicTest' or 'PrivateTest'; data sets that have only one test split are scored on that.
        machine: where to train, and what of the data may be left out.
        watch: told what happens.

    Raises ValueError (DataError, TrainingError) and OSError, as reading and training do; the last save is kept.
    """
    folder = out / run.key
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        result = read_result(folder / RESULT) if (folder / RESULT).exists() else None
        if result is not None and not is_of_these_data(result, data):
            result = None
        if result is not None and result.on(split) is not None:
            return result
        parts = read_for(run.recipe, data, watch, machine)
        name, faces = _scored(parts, split, run)
        if result is None:
            result = _train(run, parts, folder, machine, watch, (name, faces))
        else:
            found = _score(run, folder / BEST, faces)
            result = result.model_copy(update={"scores": {**result.scores, name: found}})
        write_result(result, folder / RESULT)
        # It is needed to go on with training only, and three times as large as the weights.
        (folder / STATE).unlink(missing_ok=True)
        return result


def is_of_these_data(result: Result, data: Path) -> bool:
    """False when a result was got on a sample and the data set in the folder ``data`` is another."""
    if not result.of_a_sample:
        return True
    parts = read_for(result.recipe, data)
    return len(plan(parts, result.recipe).training) == result.training_rows


def _train(run: Run, parts: Parts, folder: Path, machine: Machine, watch: Watch, scored: tuple[str, Faces]) -> Result:
    planned = plan(parts, run.recipe)
    best = train(run.recipe, planned.training, planned.choosing, folder, machine, watch)
    _, epoch = read_best(best)
    lines = (folder / METRICS).read_text(encoding="utf-8").splitlines()
    history = tuple(EpochRecord(**json.loads(line)) for line in lines)
    tenth = planned.choosing is not planned.scored
    return Result(
        key=run.key,
        recipe=run.recipe,
        dataset=parts.dataset + (f" ({len(parts.skipped):,} unreadable pictures left out)" if parts.skipped else ""),
        labels=planned.training.label_set.labels,
        training_rows=len(planned.training),
        leaked_rows_left_out=parts.leaked_rows_left_out,
        epoch=epoch,
        chosen_on=TENTH if tenth else planned.scored_name,
        chosen_count=len(planned.choosing),
        history=history,
        scores={scored[0]: _score(run, best, scored[1])},
        seconds=history[-1].seconds,
        device=machine.torch_device.type,
        versions=versions(),
    )


def _scored(parts: Parts, split: str, run: Run) -> tuple[str, Faces]:
    """The faces to score on and what they are called. DataError when the data set has parts, but not that one."""
    named = {name: faces for name, faces in zip(parts.names[1:], (parts.validation, parts.test), strict=True) if name}
    faces = named.get(split)
    if faces is not None:
        return split, faces
    if set(named) & set(OFFICIAL_SPLITS):
        raise DataError(f"fer2013.csv holds no rows of {split}, only of {', '.join(named)}; choose one by `split`.")
    planned = plan(parts, run.recipe)
    return planned.scored_name, planned.scored


def _score(run: Run, weights: Path, faces: Faces) -> SplitScore:
    """Scores of the float32 weights of the kept epoch, one view a face, on the CPU."""
    recipe, labels = run.recipe, faces.label_set.labels
    network = create_network(recipe.network, len(labels), **recipe.options)
    tensors, _ = read_best(weights)
    network.load_state_dict(tensors)
    card = Card(
        name=run.key,
        network=recipe.network,
        options=recipe.options,
        labels=labels,
        preprocessing=recipe.preprocessing,
        licence=data_set_of(recipe.label_rule).rights,
    )
    predicted = predict_faces(Classifier(network.eval(), card), faces.images).argmax(1)
    return score_split(faces.labels, predicted, labels)
