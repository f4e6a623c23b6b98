"""The papers' numbers against what their own arithmetic and their architecture say, and the runs behind each table."""

import re
from itertools import groupby

import numpy as np
import pytest
import torch

from fer_models.labels import FER2013, RAFD
from fer_models.networks import create_network
from fer_models.reproduction import find_table, list_tables
from fer_models.reproduction.catalogue import find_run
from fer_models.reproduction.papers import paper_001 as p001
from fer_models.reproduction.papers import paper_004 as p004
from fer_models.reproduction.runs import FORMS, Run, runs
from fer_models.reproduction.table import Computed, Study, Table
from fer_models.training.recipe import Loss, Recipe
from fer_models.training.start.published import IMAGENET, PUBLISHED

IDS = [
    *(f"001-T{number}" for number in range(1, 8)),
    *("002-T2", "002-T5", "002-T6", "002-F6"),
    *("003-T3", "003-T4", "003-F9"),
    *("004-T1", "004-F4"),
]
MATRICES = (p001.RAFD_CONFUSION, p001.FER2013_CONFUSION, p001.FERPLUS_CONFUSION)


def printed(table: str) -> dict[str, list[str]]:
    """The paper's cells by row, without signs of per cent."""
    return {row.label: [cell.text.removesuffix(" %") for cell in row.paper] for row in find_table(table).rows}


def test_every_table_is_there_and_whole():
    assert [table.id for table in list_tables()] == IDS
    for table in list_tables():
        for row in table.rows:
            assert len(row.paper) == len(row.ours) == len(table.columns), (table.id, row.label)
        assert len({row.label for row in table.rows}) == len(table.rows)
        assert table.footnotes and table.setting.startswith("Paper: ")
        for confusion in table.confusions:
            assert all(label in confusion.order for label in confusion.labels)
            assert confusion.paper is None or np.shape(confusion.paper) == (len(confusion.labels),) * 2


def test_tables_are_found_in_any_case_and_others_suggested():
    assert find_table("002-f6").id == "002-F6"
    with pytest.raises(ValueError, match=r"no table '02-T5'\. Did you mean '002-T5'\? .*--list"):
        find_table("02-T5")
    with pytest.raises(ValueError, match=r"no table 'x'\. 'ferscope"):
        find_table("x")


@pytest.mark.parametrize(
    ("table", "row", "cells"),
    [
        ("001-T3", "Proposed network", "95.80±0.20 67.65±0.18 83.47±0.23"),
        ("001-T4", "Base, RaFD", "12.1 25.1 34.5 44.5 44.7 70.8 83.0 87.4 –"),
        ("001-T4", "First-conv, RaFD", "15.2 27.0 34.7 38.5 58.1 74.8 84.8 89.0 –"),
        ("001-T4", "Shortcut, RaFD", "22.1 42.0 51.9 59.1 62.5 74.1 83.6 90.2 –"),
        ("001-T4", "First-conv + shortcut, RaFD", "26.1 42.9 54.0 62.9 67.7 78.2 89.9 91.9 –"),
        ("001-T4", "First-conv + shortcut + maxpool, RaFD", "30.5 47.9 58.0 59.8 69.9 80.2 90.3 92.1 –"),
        ("002-T2", "VGG16", "15.5 138.7 81.7 1740.8 –"),
        ("002-T2", "ResNet18", "1.8 11.7 86.7 140.8 –"),
        ("002-T2", "ResNet50", "4.1 25.6 86.5 301.7 –"),
        ("002-T2", "MobileNetV3", "0.23 4.1 86.4 50.1 –"),
        ("002-T2", "+ modify channels", "0.19 1.9 85.9 23.5 –"),
        ("002-T2", "+ h-swish", "0.19 1.9 86.4 23.5 –"),
        ("002-T2", "Improved MobileNetV3", "0.19 1.3 86.6 15.9 –"),
        ("002-T5", "Baseline (none)", "86.6 85.4"),
        ("002-T5", "CA", "87.2 86.0"),
        ("002-T5", "MAXCA", "87.1 86.5"),
        ("002-T5", "CPSCA", "87.5 86.6"),
        ("002-T6", "softmax", "87.2 86.4"),
        ("002-T6", "centre", "86.4 85.6"),
        ("002-T6", "triplet", "87.0 86.0"),
        ("002-T6", "softmax + centre", "87.5 86.6"),
        ("002-T6", "softmax + triplet", "87.1 86.5"),
        ("003-T3", "MobileNetV1", "85.40 3.2M"),
        ("003-T3", "MobileNetV2", "77.18 2.3M"),
        ("003-T3", "MobileNetV3-small", "73.24 1.5M"),
        ("003-T3", "A-MobileNet", "88.11 3.4M"),
        ("003-T3", "SCN + ResNet18", "88.01 –"),
        ("003-T4", "MobileNetV1", "81.62 3.2M"),
        ("003-T4", "MobileNetV2", "67.77 2.3M"),
        ("003-T4", "MobileNetV3-small", "68.29 1.5M"),
        ("003-T4", "A-MobileNet", "84.49 3.4M"),
        ("003-T4", "Mean + ASL + L2SL", "84.69 –"),
        ("004-T1", "CNN", "70.00 approx15M"),
        ("004-T1", "EfficientNet + attention", "75.00 approx5M"),
        ("004-F4", "anger", "61% 66% 64 958"),
        ("004-F4", "fear", "64% 44% 52 1024"),
        ("004-F4", "surprise", "79% 63% 61 831"),
        ("004-F4", "weighted avg", "70% 70% 69 7178"),
    ],
)
def test_printed_numbers(table, row, cells):
    found = [cell.replace(" ", "").removesuffix("%") for cell in printed(table)[row]]
    assert found == [cell.removesuffix("%") for cell in cells.split()]


def test_what_the_text_does_not_hold_is_not_readable():
    sweep = printed("002-F6")
    readable = {row: cells for row, cells in sweep.items() if cells != ["not readable"] * 2}
    assert readable == {
        "0 (softmax only)": ["87.2", "86.4"],
        "0.1": ["not readable", "86.6"],
        "0.4": ["87.5", "not readable"],
        "0.1, released code": ["not readable", "86.6"],
        "0.4, released code": ["87.5", "not readable"],
    }
    assert {cell for cells in printed("003-F9").values() for cell in cells} == {"not readable"}
    assert all(confusion.paper is None for confusion in find_table("003-F9").confusions)
    assert len(find_table("003-F9").confusions) == 8


def test_confusion_matrices_add_up_where_the_print_does():
    for matrix, faulty in zip(MATRICES, ({}, {3: 1.03, 5: 1.04}, {}), strict=True):
        sums = np.sum(matrix, axis=1)
        for row, total in enumerate(sums):
            assert total == pytest.approx(faulty.get(row, 1.0)), row
    assert np.diag(p001.RAFD_CONFUSION).tolist() == [0.94, 0.93, 1, 0.83, 1, 0.90, 0.84, 0.94]
    assert np.diag(p001.FER2013_CONFUSION).tolist() == [0.60, 0.72, 0.50, 0.91, 0.55, 0.83, 0.71]
    assert np.diag(p001.FERPLUS_CONFUSION).tolist() == [0.83, 0.33, 0.47, 0.55, 0.93, 0.93, 0.73, 0.88]


def test_confusion_matrices_contradict_the_accuracies():
    assert p001.implied_accuracy(MATRICES[0]) == pytest.approx(92.25)
    assert round(p001.implied_accuracy(MATRICES[1], p001.FER2013_FACES), 1) == 70.1
    assert round(p001.implied_accuracy(MATRICES[2], p001.FERPLUS_FACES), 1) == 87.8
    assert sum(p001.FER2013_FACES) == 35_887 and sum(p001.FERPLUS_FACES) == 25_060
    notes = " ".join(note for table in ("001-T3", "001-T5", "001-T6", "001-T7") for note in find_table(table).footnotes)
    for figure in ("92.25 %", "70.1 %", "87.8 %", "1.03 and 1.04"):
        assert figure in notes


def test_table_6_is_shown_in_the_order_that_its_values_have():
    """The text: fear is mistaken mainly for sadness and anger, happiness is recognised best."""
    (confusion,) = find_table("001-T6").confusions
    assert confusion.labels == FER2013.labels
    fear = dict(zip(confusion.labels, confusion.paper[confusion.labels.index("fear")], strict=True))
    assert sorted(fear, key=fear.get)[-3:] == ["anger", "sadness", "fear"]
    assert find_table("001-T5").confusions[0].labels == find_table("001-T7").confusions[0].labels == RAFD.labels


def test_report_of_paper_004_contradicts_itself():
    rows = {label: list(map(float, p004.REPORT[label].split())) for label in p004.PRINTED_LABELS}
    assert sum(row[3] for row in rows.values()) == 7178
    doubtful = {
        label
        for label, (precision, recall, f1, _) in rows.items()
        if abs(2 * precision * recall / (precision + recall) - f1) > 0.015
    }
    assert doubtful == {"surprise", "neutral"}
    assert p004.implied_figures() == (pytest.approx(67.3, abs=0.05), pytest.approx(6768, abs=1))
    assert p004.implied_figures(swapped=True) == (pytest.approx(69.2, abs=0.05), pytest.approx(7148, abs=1))
    averages = np.mean([row[:3] for row in rows.values()], axis=0)
    assert np.round(100 * averages).tolist() == [71, 66, 66]


def test_text_of_paper_003_fits_its_tables():
    for table, gain in (("003-T3", 2.71), ("003-T4", 2.87)):
        rows = printed(table)
        assert float(rows["A-MobileNet"][0]) - float(rows["MobileNetV1"][0]) == pytest.approx(gain)


def computed(table: str) -> dict[str, list[float | None]]:
    return {
        row.label: [source.compute().value if isinstance(source, Computed) else None for source in row.ours]
        for row in find_table(table).rows
    }


def test_costs_are_those_that_the_document_on_the_papers_states():
    networks = computed("001-T2")
    assert networks["Table 2 (+ SimAM, group norm)"][0] == 3_567_152
    assert networks["Base"][0] == 4_212_280
    assert round(100 * networks["Table 2 (+ SimAM, group norm)"][2]) == -15
    assert round(100 * networks["Table 2 (+ SimAM, group norm)"][3]) == 75
    assert networks["First-conv + shortcut + maxpool"][0] == 5_077_512
    modules = computed("001-T1")
    assert modules["SE, r = 4"][1:] == [2 * c * s + s + c for c, s in ((72, 24), (480, 120), (960, 240))]
    assert modules["CBAM, r = 16, k = 7"][1:] == [2 * c * (c // 16) + 98 for c in (72, 480, 960)]
    assert modules["SimAM"][1:] == [0, 0, 0]
    assert computed("004-T1")["EfficientNet + attention"][1] == 6_438_787
    assert computed("003-T3")["A-MobileNet"][1] == 3_420_368


def test_printed_sizes_are_twelve_bytes_a_parameter():
    for label, (macs, parameters, _, training, deployed) in computed("002-T2").items():
        cells = [float(cell) for cell in printed("002-T2")[label][:4]]
        assert training == pytest.approx(12 * parameters) and deployed == pytest.approx(training / 3)
        assert cells[3] == pytest.approx(12 * cells[1], rel=0.05), label
        assert macs == pytest.approx(cells[0], rel=0.08), label
        if label not in ("VGG16", "ResNet18", "ResNet50"):  # printed with 1,000 outputs
            assert parameters == pytest.approx(cells[1], abs=0.12), label


# ------------------------------------------------------------------------------------------------------------- runs


def all_runs(form: str) -> dict[str, list[str]]:
    """Key -> tables that need the run."""
    found: dict[str, list[str]] = {}
    for table in list_tables():
        for study in table.studies:
            for run in runs(study, form):
                found.setdefault(run.key, []).append(table.id)
    return found


def test_runs_are_shared_between_tables():
    found = all_runs("short")
    at_hand = [key for key in found if ".ferplus." in key or ".fer2013." in key]
    assert len(at_hand) == 29
    assert ["002-T5", "002-T6", "002-F6"] in found.values()
    shared = {tuple(tables) for tables in found.values() if len(tables) > 1}
    assert {("001-T3", "001-T6"), ("001-T3", "001-T7"), ("003-T3", "003-F9"), ("004-T1", "004-F4")} <= shared


def test_keys_name_the_run_and_hash_the_recipe():
    recipe = Recipe(network="mobilenetv3_cpsca", loss=Loss(centre=0.03))
    key = Run(recipe).key
    assert re.fullmatch(r"mobilenetv3_cpsca\.ferplus\.softmax-centre0\.03\.112px-[0-9a-f]{8}", key)
    assert Run(Recipe.model_validate_json(recipe.model_dump_json())).key == key
    others = [
        {"seed": 1},
        {"learning_rate": 0.07},
        {"loss": Loss(centre=0.03, centre_kind="released_code")},
        {"label_rule": "raf-db"},
    ]
    assert len({key, *(Run(recipe.model_copy(update=change)).key for change in others)}) == 5
    short = next(iter(all_runs("short")))
    assert find_run(short).key == short
    with pytest.raises(ValueError, match=f"Did you mean '{short}'"):
        find_run(short[:-1])


def recipes_of(table: Table, form: str) -> list[Recipe]:
    return [run.recipe for study in table.studies for run in runs(study, form)]


@pytest.mark.parametrize("table", list_tables(), ids=IDS)
def test_rows_of_a_short_table_differ_only_by_what_they_compare(table):
    """Rows learn alike but for network, loss and data, and AdamW's rate where there is no batch norm."""
    for _, group in groupby(sorted(recipes_of(table, "short"), key=lambda r: r.label_rule), lambda r: r.label_rule):
        recipes = list(group)
        assert {recipe.stages for recipe in recipes} == {recipes[0].stages}
        assert [(stage.side, stage.epochs) for stage in recipes[0].stages] == [(64, 8)]
        left = {"network", "loss", "learning_rate", "options"}
        assert len({recipe.model_dump_json(exclude=left) for recipe in recipes}) == 1
        without_batch_norm = ("mobilenetv3_simam", "fer_cnn", "vgg16")
        assert len({r.learning_rate for r in recipes if r.network not in without_batch_norm}) <= 1
        assert {r.start for r in recipes} == {None} and {r.seed for r in recipes} == {0}


@pytest.mark.parametrize("table", list_tables(), ids=IDS)
def test_full_form_never_mixes_starts_and_never_trains_on_test_pictures(table):
    recipes = recipes_of(table, "full")
    assert len({recipe.start for recipe in recipes}) <= 1
    for recipe in recipes:
        assert recipe.start is None or (recipe.start == IMAGENET and recipe.network in PUBLISHED[IMAGENET].networks)
        assert (recipe.partition, recipe.choose_on, recipe.keep_leaks) == ("official", "held-out tenth", False)
        assert recipe.stages[-1].side == 224
        assert recipe.epochs == {"001-T4": 30, "004-T1": 50, "004-F4": 50}.get(table.id, 100)
    assert {recipe.seed for recipe in recipes} in ({0, 1, 2}, set())


def test_lambda_of_paper_002_by_data_set():
    network = "mobilenetv3_cpsca"
    weights = {
        rule: runs(Study(network, network, rule), "full")[0].recipe.loss.centre
        for rule in ("ferplus-majority", "raf-db")
    }
    assert weights == {"ferplus-majority": 0.4, "raf-db": 0.1}


def test_every_network_of_every_run_can_be_built_with_its_options():
    recipes = [recipe for table in list_tables() for form in FORMS for recipe in recipes_of(table, form)]
    distinct = {f"{recipe.network} {recipe.options}": recipe for recipe in recipes}
    assert len(distinct) > 15
    with torch.device("meta"):
        for recipe in distinct.values():
            create_network(recipe.network, 7, **recipe.options)
