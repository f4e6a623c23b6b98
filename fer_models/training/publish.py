"""From the best weights of a run to a checkpoint that is scored in the form it is stored in."""

import platform
from pathlib import Path

import torch
from safetensors import safe_open

from fer_models.card import LICENCES, Card, TrainingData
from fer_models.checkpoints import save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data.faces import Faces
from fer_models.evaluation import evaluate
from fer_models.networks import create_network
from fer_models.training.recipe import Recipe
from fer_models.version import __version__ as ferscope_version


def publish(
    best: Path,
    recipe: Recipe,
    training: Faces,
    validation: Faces,
    folder: Path,
    *,
    leaked_rows_left_out: int,
    start: Card | None = None,
    name: str = "",
) -> Path:
    """Write the weights ``best`` (from ``train``) as a checkpoint with its card; returns the weights' path.

    ``start`` is the card of the checkpoint that the run started from. The score is that of the stored fp16 weights, as
    ``ferscope evaluate`` finds it again.
    """
    with safe_open(best, framework="pt") as saved:
        epoch = int(saved.metadata()["epoch"])
        tensors = {key: saved.get_tensor(key) for key in saved.keys()}  # noqa: SIM118  (not a mapping)
    network = create_network(recipe.network, len(training.label_set), **recipe.options)
    network.load_state_dict(tensors)
    card = Card(
        name=name or f"{recipe.network}.{training.label_set.name.lower()}",
        network=recipe.network,
        options=recipe.options,
        labels=training.label_set.labels,
        preprocessing=recipe.preprocessing,
        data=TrainingData(
            dataset="FER2013 pictures, FERPlus votes" if recipe.label_rule.startswith("ferplus") else "FER2013",
            label_rule=recipe.label_rule,
            rows=len(training),
            leaked_rows_left_out=leaked_rows_left_out,
        ),
        recipe=recipe.model_dump(mode="json") | ({"start_recipe": start.recipe} if start else {}),
        epoch=epoch,
        seed=recipe.seed,
        initialisation=f"weights of {start.name}, which were trained {start.initialisation}"
        if start
        else "from scratch",
        licence=LICENCES[recipe.label_rule],
        versions={"ferscope": ferscope_version, "torch": torch.__version__, "python": platform.python_version()},
    )
    weights = save_checkpoint(network, card, folder)
    note = "single view; the epoch was chosen on this part, so the score is optimistic"
    found = evaluate(load_classifier(weights), validation, split="PublicTest", label_rule=recipe.label_rule, note=note)
    return save_checkpoint(network, card.model_copy(update={"scores": (found,)}), folder)
