"""Recipes for made-up faces."""

from fer_models.training.recipe import Recipe, Stage


def learnable(network: str, **changes) -> Recipe:
    """Two epochs, enough for telling bright faces from dark ones."""
    settings = {"stages": (Stage(side=48, epochs=2),), "optimizer": "adamw", "learning_rate": 1e-3, "ema_decay": 0.5}
    return Recipe(network=network, batch_size=16, warmup_epochs=0.5, **{**settings, **changes})
