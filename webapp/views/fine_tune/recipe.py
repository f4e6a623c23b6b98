"""How a job learns: a preset, the whole recipe behind it, and the same as a command and as JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import streamlit as st

from fer_models import jobs
from fer_models.checkpoints import read_card
from webapp import keys, state
from webapp.own_networks import address_of
from webapp.views.fine_tune.pictures import Selection
from webapp.wording import plain

PRESETS = {
    "quick": "Quick: the head alone, in seconds",
    "thorough": "Thorough: everything, until nothing improves",
    "own": "As chosen under Advanced",
}
TRAINED = {
    "head": "Head only: the last layer",
    "last": "Last stage: features of the last resolution too",
    "all": "All: everything, the slowest",
}
# In the session: the name of the new network, the learning rate, a pasted recipe, and what was wrong with it.
NAME, RATE, _PASTED, _WRONG = "own_name", "learning_rate", "pasted_recipe", "wrong_recipe"


def choose_recipe(checkpoint: str, selection: Selection | None) -> dict[str, Any]:
    """Draw the controls; returns plain values of a spec, without its pictures."""
    _choose_preset()
    name = st.text_input("Name of the new network", placeholder=f"{read_card(checkpoint).network}.own", key=NAME)
    with st.expander("Advanced"):
        values = {
            "checkpoint": address_of(checkpoint),
            "train": state.choose(keys.TRAIN, st.radio, "What learns", TRAINED),
            "epochs": state.number(keys.EPOCHS, st.number_input, "Epochs: how often each picture is learnt from"),
            "early_stop": state.number(
                keys.EARLY_STOP, st.number_input, "Early stop: epochs without a better one; 0: none"
            ),
            "learning_rate": st.number_input(
                "Learning rate", 0.00001, 1.0, None, format="%.5f", placeholder="by what learns", key=RATE
            ),
            "keep_labels": state.switch(
                keys.KEEP_LABELS,
                st.toggle,
                "Keep the network's labels",
                help="Else the classes of your pictures are its labels, and it forgets all others.",
            ),
            "name": name.strip(),
            "seed": state.number(keys.SEED, st.number_input, "Seed: of order, augmentation and dropout"),
        }
        _show_recipe(values, selection)
    return values


def _choose_preset() -> None:
    """A preset is what the controls under Advanced say, and sets them."""
    chosen = {
        "train": state.chosen(keys.TRAIN, TRAINED, "head"),
        "epochs": state.chosen_number(keys.EPOCHS),
        "early_stop": state.chosen_number(keys.EARLY_STOP),
    }
    which = next((name for name, preset in jobs.PRESETS.items() if preset == chosen), "own")
    st.session_state["preset"] = which
    options = [*jobs.PRESETS, *(["own"] if which == "own" else [])]
    st.radio("How it learns", options, format_func=PRESETS.__getitem__, key="preset", on_change=_take_preset)


def _take_preset() -> None:
    take_values(jobs.PRESETS.get(st.session_state["preset"], {}))


def take_values(values: Mapping[str, Any]) -> None:
    """Set the controls to what a spec says."""
    for key in (keys.TRAIN, keys.EPOCHS, keys.EARLY_STOP, keys.KEEP_LABELS, keys.SEED):
        if key.name in values:
            state.take(key, values[key.name])
    if "learning_rate" in values:
        st.session_state[RATE] = values["learning_rate"]


def _show_recipe(values: Mapping[str, Any], selection: Selection | None) -> None:
    """The same as a command and as JSON, which can be pasted back."""
    title = selection.gathered.title if selection else "pictures.zip"
    st.caption("The same from the command line, with pictures as they lie in the zip:")
    st.code(command(values, title, selection.meant if selection else {}), language="shell", wrap_lines=True)
    st.caption("As JSON, to be kept and pasted below (ferscope jobs submit --spec FILE takes it as well):")
    st.code(json.dumps(dict(values), indent=1), language="json", wrap_lines=True)
    st.text_area("Paste such a recipe", key=_PASTED, height=100)
    st.button("Take it over", on_click=_take_pasted)
    if wrong := st.session_state.pop(_WRONG, ""):
        st.error(plain(wrong))


def _take_pasted() -> None:
    try:
        values = json.loads(st.session_state[_PASTED] or "null")
        if not isinstance(values, dict):
            raise ValueError("It is no JSON object.")
        spec = jobs.read_spec({"checkpoint": "any", **values, "data": "pictures"})
    except ValueError as error:
        st.session_state[_WRONG] = f"This recipe cannot be taken over. {error}"
        return
    take_values(spec.model_dump())
    st.session_state[NAME] = spec.name
    if "checkpoint" in values:
        state.take(keys.NETWORK, name_of(spec.checkpoint))


def name_of(checkpoint: str) -> str:
    """By what pickers call a checkpoint that a spec names, maybe by its path."""
    return checkpoint.rpartition("/")[2].removesuffix(".safetensors")


def command(values: Mapping[str, Any], data: str, meant: Mapping[str, str | None]) -> str:
    """The command that does the same."""
    words = ["ferscope", "jobs", "submit", str(values["checkpoint"]), "--data", data]
    words += ["--train", str(values["train"]), "--epochs", str(values["epochs"])]
    for name in ("early_stop", "learning_rate", "name", "seed"):
        words += [f"--{name.replace('_', '-')}", str(values[name])] if values.get(name) else []
    words += ["--keep-labels"] if values.get("keep_labels") else []
    told_labels = ",".join(f"{name}={label}" for name, label in meant.items() if label)
    words += ["--labels", told_labels] if told_labels else []
    return shlex.join(words)
