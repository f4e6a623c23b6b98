"""The bundled checkpoints: what their cards say, and that it is true."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fer_models.checkpoints import read_card
from fer_models.labels import FER2013, FERPLUS
from fer_models.networks import PAPER_NETWORKS
from fer_models.text import interval_text, share_text
from fer_models.training.recipes import recipe_of
from fer_models.training.start.published import PUBLISHED

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "checkpoints").glob("*.safetensors"))
ROWS = {"ferplus-majority": (24_446, 614), "ferplus-probability": (27_279, 677), "fer2013": (28_006, 703)}
# By CPSCA's recipe and seed, so that comparing attention is comparing attention.
SIBLINGS = ("mobilenetv3_no_middle_attention", "mobilenetv3_ca", "mobilenetv3_maxca", "mobilenetv3_large")
FACES = {"ferplus-majority": 3_199, "fer2013": 3_589}  # of PublicTest
FLOOR = {"ferplus-majority": 0.80, "fer2013": 0.60}


def test_all_that_were_trained_are_bundled_and_together_they_are_small():
    names = {f"{network}.ferplus" for network in (*PAPER_NETWORKS, *SIBLINGS)}
    names |= {f"{network}.fer2013" for network in ("mobilenetv3_simam", "efficientnet_b0_attention")}
    assert {file.stem for file in FILES} == names
    assert sum(file.stat().st_size for file in FILES) < 36e6


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_siblings_were_trained_as_cpsca_was(sibling):
    card, other = read_card(f"{sibling}.ferplus"), read_card("mobilenetv3_cpsca.ferplus")
    start, others_start = card.recipe["start_recipe"], other.recipe["start_recipe"]
    assert start | {"network": other.network} == others_start
    assert (card.recipe["start"], other.recipe["start"]) == (card.name, other.name)
    # All ended at one time, so the faster ones have more epochs.
    (stage,), (others_stage,) = card.recipe["stages"], other.recipe["stages"]
    assert stage["side"] == others_stage["side"] and 44 <= stage["epochs"] <= 52 and others_stage["epochs"] == 44
    told = ("network", "start", "start_recipe", "stages")
    assert card.recipe | {key: other.recipe[key] for key in told} == other.recipe
    assert (card.seed, card.data, card.preprocessing) == (other.seed, other.data, other.preprocessing)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cards(file):
    card = read_card(file)
    (score,) = card.scores
    labels = FER2013 if score.label_rule == "fer2013" else FERPLUS
    assert card.name == file.stem and card.labels == labels.labels
    assert (card.data.rows, card.data.leaked_rows_left_out) == ROWS[card.data.label_rule]
    assert "FER2013" in card.licence and "unresolved" in card.licence
    start = PUBLISHED.get(card.lineage.first_start)
    assert (start.words if start else "from scratch") in card.initialisation
    for _, training in card.lineage.trainings():
        if training.start in PUBLISHED:
            assert f": {PUBLISHED[training.start].licence}." in card.licence
    assert card.weights == "int8" and any(tensor.dtype == torch.int8 for tensor in load_file(file).values())
    assert card.initialisation.count(" from ") == card.initialisation.count("which were trained")
    assert len(card.lineage.teacher_recipes) == len(card.recipe["teachers"])
    assert recipe_of(card).network == card.network
    assert card.preprocessing.source_side == 48 and card.preprocessing.input_side >= 112
    assert (score.split, score.count) == ("PublicTest", FACES[score.label_rule])
    assert score.accuracy >= FLOOR[score.label_rule]
    assert "chosen on this part" in score.note and set(score.recall) == set(labels.labels)


def test_the_log_states_what_the_cards_state():
    # Its earlier rounds were of other weights, its later sections repeat single numbers.
    log = (ROOT / "docs" / "training-log.md").read_text(encoding="utf-8")
    text = log.split("## Third round, continued")[1].split("\n## ")[0]
    rows = [re.split(r"\s*\|\s*", line) for line in text.splitlines() if re.match(r"\| `\w+\.fer\w+`", line)]
    stated = {cells[1].split("`")[1]: [cell.removesuffix(" %") for cell in cells[-4:-1]] for cells in rows}
    assert set(stated) == {file.stem for file in FILES} and len(stated) == len(rows)
    for name, cells in stated.items():
        (score,) = read_card(ROOT / "checkpoints" / f"{name}.safetensors").scores
        told = share_text(score.accuracy), interval_text(score.interval), share_text(score.macro_f1)
        assert cells == [text.removesuffix(" %") for text in told]


def test_the_log_counts_right_answers_as_the_cards_do():
    text = (ROOT / "docs" / "training-log.md").read_text(encoding="utf-8").split("What is bundled, right answers")[1]
    rows = re.findall(r"^\| `(\w+\.fer\w+)` \| ([\d,]+) \| [\d,]+ \| ([\d,]+) \|$", text, re.MULTILINE)
    assert {name for name, *_ in rows} == {file.stem for file in FILES}
    for name, *counts in rows:
        (score,) = read_card(ROOT / "checkpoints" / f"{name}.safetensors").scores
        assert [int(count.replace(",", "")) for count in counts] == [score.count, round(score.accuracy * score.count)]
