"""From the best weights of a run to a checkpoint that is scored in the form it is stored in."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from fer_models.card import Card, TrainingData
from fer_models.checkpoints import save_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import Parts, data_set_of, short_name
from fer_models.data.faces import Faces, spread
from fer_models.evaluation import evaluate
from fer_models.evaluation.seen import seen_in_making
from fer_models.networks import Network, create_network
from fer_models.preprocessing import to_input
from fer_models.quantization import FITTING_FACES, WeightForm, round_to_int8
from fer_models.training.built_on import BuiltOn, initialisation, whole_licence, whole_recipe
from fer_models.training.machine import versions
from fer_models.training.partition import Plan
from fer_models.training.recipe import Recipe
from fer_models.training.state import read_best


def publish(
    best: Path,
    recipe: Recipe,
    parts: Parts,
    planned: Plan,
    folder: Path,
    *,
    built_on: BuiltOn,
    name: str = "",
    form: WeightForm = "fp16",
) -> Path:
    """Write the weights ``best`` (from ``train``) as a checkpoint with its card; returns the weights' path.

    ``planned`` is how ``parts`` were divided for the run, ``built_on`` what it was built on. The score is that of the
    weights as they are stored, in the ``form`` fp32, fp16 or int8, as ``ferscope evaluate`` finds it.

    Raises ValueError when ``best`` is damaged.
    """
    network, epoch = _finished(best, recipe, planned.training, form)
    labelled, name = planned.training, name or default_name(recipe)
    card = Card(
        name=name,
        network=recipe.network,
        options=recipe.options,
        labels=labelled.label_set.labels,
        # The recipe knows the side that is served; the data set, how large its faces are.
        preprocessing=recipe.preprocessing.model_copy(update={"source_side": labelled.images.shape[1]}),
        weights=form,
        data=TrainingData(
            dataset=parts.dataset,
            label_rule=recipe.training_rule or recipe.label_rule,
            rows=len(labelled),
            leaked_rows_left_out=parts.leaked_rows_left_out,
        ),
        recipe=whole_recipe(recipe, built_on),
        epoch=epoch,
        seed=recipe.seed,
        initialisation=initialisation(recipe, built_on, name),
        licence=whole_licence(recipe, built_on),
        versions=versions(),
    )
    weights = save_checkpoint(network, card, folder)
    seen = seen_in_making(card.lineage, short_name(planned.scored_name), recipe.label_rule)
    found = evaluate(
        load_classifier(weights),
        planned.scored,
        split=planned.scored_name,
        label_rule=recipe.label_rule,
        note="; ".join(filter(None, [planned.note, seen])),
    )
    return save_checkpoint(network, card.model_copy(update={"scores": (found,)}), folder)


def _finished(best: Path, recipe: Recipe, training: Faces, form: WeightForm) -> tuple[Network, int]:
    """The network with the weights of a run, ready to be stored in ``form``, and the epoch they are of."""
    tensors, epoch = read_best(best)
    network = create_network(recipe.network, len(training.label_set), **recipe.options)
    network.load_state_dict(tensors)
    silence(network)
    if form == "int8":
        faces = torch.from_numpy(spread(training.images, FITTING_FACES))
        round_to_int8(network.eval(), to_input(faces, recipe.preprocessing))
    return network, epoch


@torch.no_grad()
def silence(network: nn.Module) -> None:
    """Let batch norms give beta where their input never varied in training (variance below 1e-6), in place.

    Such channels say nothing, but their norms magnify rounding, some of A-MobileNet's 1,700 times: its logits were
    1.7e-4 apart in PyTorch and onnxruntime, and are 4.8e-5 apart without them.
    """
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight[cast(Tensor, norm.running_var) < 1e-6] = 0


def default_name(recipe: Recipe) -> str:
    """NETWORK.ferplus, .fer2013, .raf-db, .rafd, or .own for pictures of one's own."""
    return f"{recipe.network}.{data_set_of(recipe.label_rule).suffix}"
