"""From the best weights of a run to a checkpoint that is scored in the form it is stored in."""

import platform
from pathlib import Path

import torch
from safetensors import safe_open

from fer_models.card import Card, TrainingData, licence
from fer_models.checkpoints import save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import Parts
from fer_models.evaluation import evaluate
from fer_models.networks import create_network
from fer_models.storage import WeightForm
from fer_models.training.division import Plan
from fer_models.training.recipe import Recipe
from fer_models.training.start import IMAGENET
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
    """
    with safe_open(best, framework="pt") as saved:
        epoch = int(saved.metadata()["epoch"])
        tensors = {key: saved.get_tensor(key) for key in saved.keys()}  # noqa: SIM118  (not a mapping)
    labelled, labels = planned.training, planned.training.label_set
    network = create_network(recipe.network, len(labels), **recipe.options)
    network.load_state_dict(tensors)
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
        recipe=recipe.model_dump(mode="json") | ({"start_recipe": start.recipe} if start else {}),
        epoch=epoch,
        seed=recipe.seed,
        initialisation=_initialisation(recipe, start),
        licence=licence(recipe.label_rule),
        versions={"ferscope": ferscope_version, "torch": torch.__version__, "python": platform.python_version()},
    )
    weights = save_checkpoint(network, card, folder)
    found = evaluate(
        load_classifier(weights),
        planned.scored,
        split=planned.scored_name,
        label_rule=recipe.label_rule,
        note=planned.note,
    )
    return save_checkpoint(network, card.model_copy(update={"scores": (found,)}), folder)


def default_name(recipe: Recipe) -> str:
    """NETWORK.ferplus, .fer2013, .raf-db, .rafd, or .own for pictures of one's own."""
    data = {"folder": "own"}.get(recipe.label_rule, recipe.label_rule)
    return f"{recipe.network}.{'ferplus' if data.startswith('ferplus') else data}"


def _initialisation(recipe: Recipe, start: Card | None) -> str:
    if start is not None:
        return f"weights of {start.name}, which were trained {start.initialisation}"
    return "from ImageNet weights published with timm" if recipe.start == IMAGENET else "from scratch"
