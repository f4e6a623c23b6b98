"""The results that come with FERScope: each is whole, of a known run, and shown in all tables that need it."""

from pathlib import Path

import numpy as np
import pytest

from fer_models.reproduction import Found, fill, find_table, list_tables, table_state
from fer_models.reproduction.result import STORED, read_result, write_result
from fer_models.reproduction.runs import FORMS, Form, Run, runs
from fer_models.reproduction.table import Study, Table, Trained
from tests.support.reproduction_results import LABELS, made_up, store, study_of

#: Faces of each part, in the official files.
COUNTS = {
    "ferplus-majority": {"PublicTest": 3199, "PrivateTest": 3153},
    "fer2013": {"PublicTest": 3589, "PrivateTest": 3589},
}


def check_stored(folder: Path) -> None:
    """Each result is whole, of a known run on FER2013 or FERPlus, and in all tables that need it; states count it."""
    places = {}
    for table in list_tables():
        for study in table.studies:
            for form in FORMS:
                for run in runs(study, form):
                    places.setdefault(run.key, []).append((table, study, form))
    stored = {file.stem for file in folder.glob("*.json")}
    assert stored <= places.keys(), stored - places.keys()
    for key in stored:
        result = read_result(folder / f"{key}.json")
        recipe = result.recipe
        assert key == result.key == Run(recipe).key
        assert result.labels == LABELS[recipe.label_rule].labels
        trained = len(result.history)
        assert trained == recipe.epochs or (recipe.early_stop and trained < recipe.epochs), key
        assert [record.epoch for record in result.history] == list(range(1, trained + 1)) and result.epoch <= trained
        assert "PublicTest" in result.scores
        for part, score in result.scores.items():
            assert np.sum(score.confusion) == COUNTS[recipe.label_rule][part], (key, part)
        for table, study, form in places[key]:
            check_table(table, study, form, Found(stored=folder))
    for table in list_tables():
        for dataset in ("FER2013", "FERPlus"):
            for form in FORMS:
                keys = [run.key for s in table.studies if s.dataset == dataset for run in runs(s, form)]
                there = len(stored.intersection(keys))
                said = f"{form} form: {there} of {len(keys)} runs stored"
                assert not there or said in table_state(table, Found(stored=folder)), (table.id, said)


def check_table(table: Table, study: Study, form: Form, found: Found) -> None:
    """No cell of ``study`` is left empty, and its matrices hold every face of each seed's run that is stored."""
    filled = fill(table, form, found=found)
    for row, done in zip(table.rows, filled.rows, strict=True):
        for source, cell in zip(row.ours, done.ours, strict=True):
            if isinstance(source, Trained) and source.study == study:
                assert cell.text not in ("", "not run"), (table.id, row.label)
    seeds = sum((found.stored / f"{run.key}.json").exists() for run in runs(study, form))
    for confusion, done in zip(table.confusions, filled.confusions, strict=True):
        if confusion.study == study:
            assert done.ours is not None and done.ours.sum() == seeds * COUNTS[study.label_rule]["PublicTest"]


def test_what_comes_with_ferscope_is_whole_and_in_its_tables():
    check_stored(STORED)


def test_what_comes_with_ferscope_would_not_pass_if_it_were_wrong(tmp_path):
    """The check above on made-up results, right and wrong: it means something also while nothing is stored."""
    for study in (study_of("002-T5", "mobilenetv3_ca"), *find_table("004-F4").studies, *find_table("003-F9").studies):
        if study.label_rule in COUNTS:
            (run,) = runs(study, "short")
            store(made_up(run, faces=COUNTS[study.label_rule]["PublicTest"])[0], tmp_path)
    check_stored(tmp_path)
    right = read_result(file := next(tmp_path.glob("mobilenetv3_ca.*.json")))
    unknown = right.recipe.model_copy(update={"seed": 9})
    for wrong in (
        {"scores": made_up(run, faces=3198)[0].scores},
        {"scores": {"PrivateTest": right.scores["PublicTest"]}},
        {"history": right.history[:-1]},
        {"history": right.history[::-1]},
        {"epoch": 9},
        {"recipe": unknown},
        {"key": "mobilenetv3_ca"},
    ):
        write_result(right.model_copy(update=wrong), file)
        with pytest.raises(AssertionError):
            check_stored(tmp_path)
    write_result(right, file)
    check_stored(tmp_path)
    store(right.model_copy(update={"recipe": unknown, "key": Run(unknown).key}), tmp_path)
    with pytest.raises(AssertionError):
        check_stored(tmp_path)
