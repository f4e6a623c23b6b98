"""From a study to the runs that carry it out: the short form, for two CPU cores, and the paper's own recipe."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from fer_models.reproduction.table import Study
from fer_models.training.recipe import Loss, Recipe
from fer_models.training.recipes import load_recipe

Form = Literal["short", "full"]
FORMS: tuple[Form, ...] = ("short", "full")
SEEDS: dict[Form, tuple[int, ...]] = {"short": (0,), "full": (0, 1, 2)}

#: Lambda of the centre loss in the short form: that of Wen et al. Paper 002's 0.4 belongs to its released code's loss.
SHORT_LAMBDA = 0.003

_ADAMW = {"optimizer": "adamw", "weight_decay": 0.05}
#: What the short form adds for each paper to what all short runs have in common.
_SHORT: dict[str, dict[str, Any]] = {
    "mobilenetv3_simam": _ADAMW,
    # The papers learn from one label a face; here only 002, whose losses need one, does so too.
    "mobilenetv3_cpsca": _ADAMW
    | {"options": {"dropout": 0.4}, "soft_targets": False, "loss": {"centre": SHORT_LAMBDA}},
    "a_mobilenet": {
        "options": {"dropout": 0.5},
        "optimizer": "sgd",
        "learning_rate": 0.08,
        "weight_decay": 5e-4,
        "loss": {"centre": SHORT_LAMBDA},
    },
    "efficientnet_b0_attention": _ADAMW | {"loss": {"class_weights": "balanced"}},
}
#: AdamW's rate where the usual one is too high: with group norm, with no norm at all, and for EfficientNet-B0, which
#: learnt nothing at 2e-3 in four epochs of FER2013 (19 to 25 % of a held-out tenth).
_ADAMW_RATES = {"mobilenetv3_simam": 8e-4, "fer_cnn": 3e-4, "vgg16": 3e-4, "efficientnet_b0_attention": 6e-4}
_ADAMW_RATE = 2e-3
_IN_COMMON: dict[str, Any] = {
    "choose_on": "held-out tenth",
    "stages": [{"side": 64, "epochs": 8}],
    "batch_size": 64,
    "warmup_epochs": 1.0,
    "ema_decay": 0.996,
    "augmentation": {"flip": 0.5, "degrees": 15, "translate": 0.08, "scale": [0.9, 1.15], "contrast": 0.25},
}


@dataclass(frozen=True)
class Run:
    """One training: a recipe with its seed. Tables that need the same training share the run."""

    recipe: Recipe

    @cached_property
    def key(self) -> str:
        """Network, data set, loss and side for a person, and a hash of the recipe's identity."""
        recipe = self.recipe
        told = json.dumps(json.loads(recipe.identity), sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()[:8]
        dataset = recipe.label_rule.removesuffix("-majority")  # FERPlus's standard rule
        seed = f".seed{recipe.seed}" if recipe.seed else ""
        return f"{recipe.network}.{dataset}.{_loss_name(recipe.loss)}.{recipe.stages[-1].side}px{seed}-{digest}"


def runs(study: Study, form: Form) -> tuple[Run, ...]:
    """The runs of a study, one a seed."""
    recipe = short_recipe(study) if form == "short" else full_recipe(study)
    return tuple(Run(recipe.model_copy(update={"seed": seed})) for seed in SEEDS[form])


def short_recipe(study: Study) -> Recipe:
    """64 px, 8 epochs, from scratch, the same for all networks of a table but for AdamW's rate."""
    settings = _IN_COMMON | _SHORT[study.paper] | {"network": study.network, "label_rule": study.label_rule}
    if settings["optimizer"] == "adamw":
        settings["learning_rate"] = _ADAMW_RATES.get(study.network, _ADAMW_RATE)
    if study.loss is not None:
        settings["loss"] = study.loss
    settings["options"] = _options(study.network, settings.get("options", {}))
    return Recipe.model_validate(settings)


def full_recipe(study: Study) -> Recipe:
    """The paper's recipe, but with the official partition, without leaks, and the epoch chosen on a held-out tenth."""
    settings = load_recipe(study.paper, "paper").model_dump() | {
        "network": study.network,
        "label_rule": study.label_rule,
        "partition": "official",
        "keep_leaks": False,
        "choose_on": "held-out tenth",
    }
    if study.loss is not None:
        settings["loss"] = study.loss
    elif study.paper == "mobilenetv3_cpsca" and study.label_rule == "raf-db":
        settings["loss"]["centre"] = 0.1  # paper 002, section 4.4: 0.4 on FERPlus, 0.1 on RAF-DB
    if study.from_scratch:
        settings["start"] = None
    if study.epochs is not None:
        settings["stages"] = [{**settings["stages"][-1], "epochs": study.epochs}]
    settings["options"] = _options(study.network, settings["options"])
    return Recipe.model_validate(settings)


def _options(network: str, options: dict[str, Any]) -> dict[str, Any]:
    """The paper's options that ``network`` has: ResNets have no dropout, and only paper 004's head has two."""
    if network.startswith("resnet") or ("dropouts" in options and network != "efficientnet_b0_attention"):
        return {}
    return options


def _loss_name(loss: Loss) -> str:
    parts = ["softmax"] if loss.softmax else []
    if loss.centre:
        kind = "code-centre" if loss.centre_kind == "released_code" else "centre"
        parts.append(f"{kind}{loss.centre:g}" if loss.softmax else kind)
    if loss.triplet:
        parts.append("triplet")
    return "-".join(parts)
