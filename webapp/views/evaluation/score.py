"""The score of the page "Evaluation": one number, and the conditions it holds under."""

import streamlit as st

from fer_models.card import Card, Score
from fer_models.checkpoints import CheckpointError, read_card
from fer_models.data import short_name
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.evaluation import OtherData, list_predictions
from fer_models.text import interval_text, share_text
from fer_models.training.start.published import start_of
from webapp import keys, state, wording
from webapp.components.page_parts import announce
from webapp.components.words import notice, told
from webapp.figures import answer, scores
from webapp.views.evaluation.data import Evaluated, evaluated, other_splits, stated_score

DEFAULT_SPLIT = "PublicTest"
NEEDS_DATA = "The command needs the data set: --data FOLDER."


def choose_split(name: str) -> str:
    """The part of the data set that was scored, or another data set; a control only where there are several.

    A part that only the card has a score on stays beside other data sets.
    """
    own = [split for scored, split in list_predictions() if scored == name] or [_stated_split(name)]
    others = {id: stored.title for id, stored in other_splits(name).items()}
    options = {split: split for split in own} | {id: title[:1].upper() + title[1:] for id, title in others.items()}
    if len(options) == 1:
        return state.chosen(keys.SPLIT, options, own[0])
    if others:  # long words
        return state.choose(keys.SPLIT, st.selectbox, "Scored on", options, default=DEFAULT_SPLIT, width=460)
    return state.choose(keys.SPLIT, st.segmented_control, "Scored on", options, default=DEFAULT_SPLIT, required=True)


def show_score(name: str, split: str) -> tuple[Evaluated | None, str]:
    """Show a checkpoint's score; returns what is stored of it, if there is anything, and its label rule.

    Where nothing is stored the page says what the card says and what to do.
    """
    try:
        found = evaluated(name, split)
    except CheckpointError as error:
        return None, _show_stated(name, split, told(error))
    _show(name, found.card, found.score, found.report.macro_f1_interval, found.predictions.other)
    return found, found.predictions.label_rule


def _show_stated(name: str, split: str, reason: str) -> str:
    """What the card alone says; returns the label rule."""
    try:
        card = read_card(name)
    except CheckpointError:
        _say("This checkpoint cannot be read", reason)
        return STANDARD_RULE
    stated = stated_score(card, split)
    if stated is None:
        _say("Not scored yet", f"{reason} {NEEDS_DATA}")
        return card.label_rule or STANDARD_RULE
    _show(name, card, stated)
    text = f"The score is its card's; where it errs, only its answers tell. {reason} {NEEDS_DATA}"
    notice("Its answers to the single faces are not there.", text)
    return stated.label_rule


def _say(title: str, text: str) -> None:
    """There is no score: say why in its place."""
    st.html(answer.message(title, text))
    announce(f"{title}. {text}")


def _show(
    name: str,
    card: Card,
    score: Score,
    macro_interval: tuple[float, float] | None = None,
    other: OtherData | None = None,
) -> None:
    macro = share_text(score.macro_f1) + (f" ({interval_text(macro_interval)})" if macro_interval else "")
    facts = [
        ("95 % interval", interval_text(score.interval)),
        ("Macro-F1 (95 % interval)" if macro_interval else "Macro-F1", macro),
        ("Scored on", score.split),
        ("Labels", wording.label_rule_text(score.label_rule)),
        ("Trained", f"{start_of(card)}, {score.seeds} seed{'s' if score.seeds > 1 else ''}"),
    ]
    note = f"{score.note[:1].upper()}{score.note[1:]}." if score.note else ""
    text = " ".join(filter(None, [note, score.missed]))
    who = f"{wording.network_name(name)} answers as people did for"
    if other is not None:
        who = f"On another data set, {other.name}, {wording.network_name(name)} answers as its labels say for"
    more = other.sentences() if other is not None else ()
    st.html(scores.headline(who, score.accuracy, score.count, facts, text, more))
    announce(f"{who} {share_text(score.accuracy)} of {score.count:,} faces")


def _stated_split(name: str) -> str:
    """The part that a checkpoint's card has a score on, or else the one that FER2013's are scored on."""
    try:
        stated = read_card(name).scores
    except CheckpointError:  # show_score says what is wrong with it
        stated = ()
    return short_name(stated[0].split) if stated else DEFAULT_SPLIT
