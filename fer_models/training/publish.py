"""From the best weights of a run to a checkpoint that is scored in the form it is stored in."""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from fer_models.card import Card, TrainingData, licence, listed
from fer_models.checkpoints import read_card, save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import Parts, short_name
from fer_models.data.faces import spread
from fer_models.evaluation import evaluate
from fer_models.evaluation.split import seen_in_making
from fer_models.networks import create_network
from fer_models.preprocessing import to_input
from fer_models.storage import WeightForm
from fer_models.training.division import Plan
from fer_models.training.published import PUBLISHED
from fer_models.training.recipe import Recipe
from fer_models.training.rounding import FACES, round_to_int8
from fer_models.training.state import read_best
from fer_models.version import __version__ as ferscope_version


def publish(
    best: Path,
    recipe: Recipe,
    parts: Parts,
    planned: Plan,
    folder: Path,
    *,
    start: Card | None = None,
    name: str = "",
    form: WeightForm = "fp16",
) -> Path:
    """Write the weights ``best`` (from ``train``) as a checkpoint with its card; returns the weights' path.

    ``planned`` is how ``parts`` were divided for the run, ``start`` the card of the checkpoint it started from. The
    score is that of the weights as they are stored, in the ``form`` fp16 or int8, as ``ferscope evaluate`` finds it.

    Raises ValueError when ``best`` is damaged, CheckpointError when a teacher's card is gone.
    """
    tensors, epoch = read_best(best)
    teachers = [read_card(teacher) for teacher in recipe.teachers]
    labelled, labels = planned.training, planned.training.label_set
    network = create_network(recipe.network, len(labels), **recipe.options)
    network.load_state_dict(tensors)
    silence(network)
    if form == "int8":
        faces = torch.from_numpy(spread(labelled.images, FACES))
        round_to_int8(network.eval(), to_input(faces, recipe.preprocessing))
    card = Card(
        name=name or default_name(recipe),
        network=recipe.network,
        options=recipe.options,
        labels=labels.labels,
        # The recipe knows the side that is served; the data set, how large its faces are.
        preprocessing=recipe.preprocessing.model_copy(update={"source_side": labelled.images.shape[1]}),
        weights=form,
        data=TrainingData(
            dataset=parts.dataset,
            label_rule=recipe.training_rule or recipe.label_rule,
            rows=len(labelled),
            leaked_rows_left_out=parts.leaked_rows_left_out,
        ),
        recipe=_whole_recipe(recipe, start, teachers),
        epoch=epoch,
        seed=recipe.seed,
        initialisation=_initialisation(recipe, start),
        licence=_licence(recipe, start, teachers),
        versions={"ferscope": ferscope_version, "torch": torch.__version__, "python": platform.python_version()},
    )
    weights = save_checkpoint(network, card, folder)
    seen = seen_in_making(card.recipe, short_name(planned.scored_name), recipe.label_rule)
    found = evaluate(
        load_classifier(weights),
        planned.scored,
        split=planned.scored_name,
        label_rule=recipe.label_rule,
        note="; ".join(filter(None, [planned.note, seen])),
    )
    return save_checkpoint(network, card.model_copy(update={"scores": (found,)}), folder)


@torch.no_grad()
def silence(network: nn.Module) -> None:
    """Let batch norms give beta where their input never varied in training (variance below 1e-6), in place.

    Such channels say nothing, but their norm would magnify rounding more than a thousand times: A-MobileNet's
    logits were 1.7e-4 apart in PyTorch and onnxruntime, and are 4.8e-5 apart without them.
    """
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight[cast(Tensor, norm.running_var) < 1e-6] = 0


def default_name(recipe: Recipe) -> str:
    """NETWORK.ferplus, .fer2013, .raf-db, .rafd, or .own for pictures of one's own."""
    data = {"folder": "own"}.get(recipe.label_rule, recipe.label_rule)
    return f"{recipe.network}.{'ferplus' if data.startswith('ferplus') else data}"


def _whole_recipe(recipe: Recipe, start: Card | None, teachers: Sequence[Card]) -> dict[str, Any]:
    """The recipe with those behind it: what the start and the teachers have seen, the new weights know."""
    whole = recipe.model_dump(mode="json")
    if start is not None:
        whole["start_recipe"] = start.recipe
    if teachers:
        whole["teacher_recipes"] = [teacher.recipe for teacher in teachers]
    return whole


def _licence(recipe: Recipe, start: Card | None, teachers: Sequence[Card]) -> str:
    """The rights to the pictures trained on, and those that bind the weights it started from and its teachers."""
    own = licence(recipe.label_rule)
    said = [own]
    if recipe.start in PUBLISHED:
        published = PUBLISHED[recipe.start]
        said.append(f"It started {published.initialisation}: {published.licence}.")
    if start is not None and start.licence.startswith(own):
        said.append(start.licence.removeprefix(own).strip())
    elif start is not None:
        said.append(f"It started from {start.name}: {start.licence}")
    for teacher in teachers:
        if teacher.licence != own:
            said.append(f"Its teacher {teacher.name}: {teacher.licence.removeprefix(own).strip()}")
    return " ".join(filter(None, said))


def _initialisation(recipe: Recipe, start: Card | None) -> str:
    begun = PUBLISHED[recipe.start].initialisation if recipe.start in PUBLISHED else "from scratch"
    if start is not None:
        begun = f"weights of {start.name}, which were trained from {start.initialisation.removeprefix('from ')}"
    return f"{begun}, taught by {listed(recipe.teachers)}" if recipe.teachers else begun
