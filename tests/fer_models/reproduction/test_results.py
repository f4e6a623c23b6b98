"""Filled tables from made-up results, checked against scikit-learn and formulas written out; damaged results."""

import json
import math

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import classification_report, confusion_matrix

from fer_models.labels import FER2013, FERPLUS
from fer_models.reproduction import (
    Found,
    filled_table,
    find_table,
    list_tables,
    table_state,
)
from fer_models.reproduction.measures import mean_of_seeds
from fer_models.reproduction.result import ResultError, read_result, score_split, write_result
from fer_models.reproduction.runs import Run, runs
from tests.support.reproduction_results import FACES, made_up, store, study_of


def wilson(right: int, count: int) -> tuple[float, float]:
    p, z = right / count, 1.959963984540054
    centre = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return centre - half, centre + half


def test_scores_of_a_part_equal_scikit_learns():
    rng = np.random.default_rng(3)
    labels, answers = rng.integers(0, 3, 200), rng.integers(0, 4, 200)  # nobody shows the fourth
    names = ("a", "b", "c", "d")
    found = score_split(labels, answers, names)
    report = classification_report(
        labels, answers, labels=range(4), target_names=names, output_dict=True, zero_division=0
    )
    assert found.count == 200 and found.accuracy == pytest.approx((labels == answers).mean())
    assert found.macro_f1 == pytest.approx(report["macro avg"]["f1-score"])
    assert found.confusion == tuple(map(tuple, confusion_matrix(labels, answers, labels=range(4)).tolist()))


def test_accuracy_beside_the_papers(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    result, labels, answers = made_up(run)
    store(result, tmp_path)
    found = Found(stored=tmp_path)
    table = filled_table("002-T5", found=found)
    row = next(row for row in table.rows if row.label == "CA")
    right = int((labels == answers).sum())
    assert [cell.text for cell in row.paper] == ["87.2 %", "86.0 %"] and row.paper[0].value == pytest.approx(0.872)
    assert row.ours[0].value == right / FACES and row.ours[0].interval == pytest.approx(wilson(right, FACES))
    assert row.ours[1].text == "needs RAF-DB" and row.ours[1].value is None
    assert {r.ours[0].text for r in table.rows if r.label != "CA"} == {"not run"}
    assert table.state == (
        "FERPlus: short form: 1 of 4 runs stored (mobilenetv3_no_middle_attention, mobilenetv3_maxca, "
        "mobilenetv3_cpsca not run); needs RAF-DB"
    )
    assert table.has_ours and not filled_table("002-T5", form="full", found=found).has_ours


@pytest.mark.parametrize(
    ("start", "words"), [("vggface2", "from VGGFace2 weights"), ("imagenet-lite0", "from ImageNet weights")]
)
def test_conditions_say_which_weights_runs_start_from(start, words, monkeypatch):
    def begun(study, form):
        return [Run(run.recipe.model_copy(update={"start": start})) for run in runs(study, form)]

    monkeypatch.setattr("fer_models.reproduction.conditions.runs", begun)
    said = " ".join(filled_table("003-T3").conditions)
    assert words in said and "from scratch" not in said


def test_a_run_shared_by_three_tables_fills_all(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_cpsca"), "short")
    result, *_ = made_up(run)
    store(result, tmp_path)
    rows = {"002-T5": "CPSCA", "002-T6": "softmax + centre", "002-F6": "0.003"}
    for table, label in rows.items():
        ours = {row.label: row.ours[0].value for row in filled_table(table, found=Found(stored=tmp_path)).rows}
        assert {name for name, value in ours.items() if value is not None} == {label}
        assert ours[label] == result.scores["PublicTest"].accuracy


def test_several_seeds_give_their_mean_and_a_wider_interval(tmp_path):
    study = study_of("002-T5", "mobilenetv3_ca")
    results = [made_up(run, skill)[0] for run, skill in zip(runs(study, "full"), (0.6, 0.7, 0.8), strict=True)]
    for result in results:
        store(result, tmp_path)
    table = filled_table("002-T5", form="full", found=Found(stored=tmp_path))
    cell = next(row for row in table.rows if row.label == "CA").ours[0]
    shares = np.array([result.scores["PublicTest"].accuracy for result in results])
    ends = np.array([wilson(round(share * FACES), FACES) for share in shares])
    spread = student.ppf(0.975, 2) * shares.std(ddof=1) / math.sqrt(3)
    assert cell.value == pytest.approx(shares.mean())
    expected = (
        shares.mean() - math.hypot((shares - ends[:, 0]).mean(), spread),
        min(shares.mean() + math.hypot((ends[:, 1] - shares).mean(), spread), 1),
    )
    assert cell.interval == pytest.approx(expected)
    assert "3 seeds" in " ".join(table.conditions)
    assert table.state == "FERPlus: full form: 3 of 12 runs stored (9 not run); needs RAF-DB"
    assert mean_of_seeds([(0.5, 0.4, 0.6)]) == (0.5, pytest.approx(0.4), pytest.approx(0.6))


def test_confusion_matrices_stand_in_the_order_that_is_stated(tmp_path):
    (run,) = runs(study_of("001-T7", "mobilenetv3_simam"), "short")
    result, labels, answers = made_up(run)
    store(result, tmp_path)
    table = filled_table("001-T7", found=Found(stored=tmp_path))
    (confusion,) = table.confusions
    assert confusion.labels[:3] == ("anger", "contempt", "disgust") and "anger, contempt, disgust" in confusion.order
    names = [FERPLUS.labels[label] for label in labels], [FERPLUS.labels[label] for label in answers]
    np.testing.assert_array_equal(confusion.ours, confusion_matrix(*names, labels=confusion.labels))
    assert confusion.paper[1].tolist() == [0.06, 0.33, 0, 0, 0.06, 0.34, 0.15, 0.06]
    recalls = dict(zip(confusion.labels, np.diag(confusion.ours) / confusion.ours.sum(1), strict=True))
    for row in table.rows[:-1]:
        assert row.ours[0].value == pytest.approx(recalls[row.label])
        assert row.paper[0].value == pytest.approx(
            confusion.paper[confusion.labels.index(row.label)].max(), abs=0.02
        ) or (
            row.label == "contempt"  # more contempt is taken for neutral than recognised
        )
    empty = filled_table("001-T7", found=Found(stored=tmp_path / "none")).confusions[0]
    assert empty.ours is None and empty.missing == "not run" and empty.paper is not None


def test_report_equals_scikit_learns(tmp_path):
    (run,) = runs(study_of("004-F4", "efficientnet_b0_attention", "fer2013"), "short")
    result, labels, answers = made_up(run)
    store(result, tmp_path)
    expected = classification_report(labels, answers, target_names=FER2013.labels, output_dict=True)
    for row in filled_table("004-F4", found=Found(stored=tmp_path)).rows:
        cells = dict(zip(("precision", "recall", "f1-score", "support"), row.ours, strict=True))
        for column in ("precision", "recall", "f1-score"):
            of_row = expected["accuracy"] if row.label == "accuracy" else expected[row.label][column]
            low, high = cells[column].interval
            assert cells[column].value == pytest.approx(of_row) and low < of_row < high, (row.label, column)
            assert high - low < 0.35
        assert cells["support"].value == (expected[row.label]["support"] if row.label != "accuracy" else FACES)


def test_epochs_after_the_last_are_empty_with_the_reason(tmp_path):
    (run,) = runs(study_of("001-T4", "mobilenetv3_large"), "short")
    store(made_up(run)[0], tmp_path)
    table = filled_table("001-T4", found=Found(stored=tmp_path))
    row = next(row for row in table.rows if row.label == "Base, FERPlus (stand-in for RaFD)")
    assert [cell.value for cell in row.ours[:5]] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25])
    assert row.ours[0].interval == pytest.approx(wilson(100, 2_000))  # of the held-out tenth, not of the test part
    assert [(cell.text, cell.value) for cell in row.ours[5:8]] == [("ends at 8", None)] * 3
    assert row.ours[8].interval == pytest.approx(wilson(round(row.ours[8].value * FACES), FACES))
    assert row.paper[0].text == "12.1 %" and "stand in for RaFD" in table.setting


def test_a_label_that_a_data_set_lacks_and_data_sets_with_one_test_part(tmp_path):
    (run,) = runs(study_of("003-F9", "mobilenetv1", "raf-db"), "short")
    store(made_up(run, split="test")[0], tmp_path)
    table = filled_table("003-F9", found=Found(stored=tmp_path))
    cells = dict(zip(table.columns, next(r for r in table.rows if r.label == "MobileNetV1, RAF-DB").ours, strict=True))
    assert cells["contempt"].text == "no such label" and cells["fear"].value is not None
    assert "scored on test, 400 faces" in " ".join(table.conditions)


def test_private_test_is_asked_for_apart(tmp_path):
    study = study_of("001-T6", "mobilenetv3_simam", "fer2013")
    store(made_up(runs(study, "short")[0], split="PrivateTest")[0], tmp_path)
    found = Found(stored=tmp_path)
    assert not filled_table("001-T6", found=found).has_ours
    private = filled_table("001-T6", split="PrivateTest", found=found)
    assert private.has_ours and "scored on PrivateTest" in " ".join(private.conditions)


def test_own_runs_come_before_stored_ones(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    store(made_up(run, 0.3)[0], tmp_path)
    own = made_up(run, 0.9)[0]
    (tmp_path / "out" / run.key).mkdir(parents=True)
    write_result(own, tmp_path / "out" / run.key / "result.json")
    assert Found(tmp_path / "out", stored=tmp_path).result(run) == own
    assert Found(tmp_path / "elsewhere", stored=tmp_path).result(run) != own
    assert Found(tmp_path / "elsewhere", stored=None).result(run) is None


def test_a_result_of_another_recipe_does_not_count(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    result = made_up(run)[0]
    other = result.recipe.model_copy(update={"batch_size": 32})
    store(result.model_copy(update={"recipe": other}), tmp_path)
    assert Found(stored=tmp_path).result(run) is None


def test_an_own_result_of_another_part_does_not_hide_the_stored_one(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    store(stored := made_up(run)[0], tmp_path)
    own = made_up(run, split="PrivateTest")[0]
    (tmp_path / "out" / run.key).mkdir(parents=True)
    write_result(own, tmp_path / "out" / run.key / "result.json")
    found = Found(tmp_path / "out", stored=tmp_path)
    assert found.result(run, "PublicTest") == stored and found.result(run, "PrivateTest") == own
    (cell,) = {row.ours[0].value for row in filled_table("002-T5", found=found).rows} - {None}
    assert cell == stored.scores["PublicTest"].accuracy


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r: r["scores"]["PublicTest"]["confusion"][0].__setitem__(0, -1), "greater than or equal to 0"),
        (lambda r: r["scores"]["PublicTest"]["confusion"].pop(), "not square"),
        (lambda r: r["scores"]["PublicTest"].__setitem__("confusion", [[0, 0], [0, 0]]), "holds no face"),
        (lambda r: r["scores"]["PublicTest"].__setitem__("confusion", [[3, 0], [1, 3]]), "has not one row a label"),
        (lambda r: r.__setitem__("scores", {}), "scores"),
        (lambda r: r["recipe"].__setitem__("epoch", 3), r"recipe\.epoch"),
        (lambda r: r.pop("history"), "history"),
    ],
)
def test_damaged_results_are_named(tmp_path, damage, message):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    store(made_up(run)[0], tmp_path)
    file = tmp_path / f"{run.key}.json"
    content = json.loads(file.read_text())
    damage(content)
    file.write_text(json.dumps(content))
    with pytest.raises(ResultError, match=rf"{run.key}\.json is not right: .*{message}"):
        filled_table("002-T5", found=Found(stored=tmp_path))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ResultError, match="cannot be read"):
        read_result(file)


def test_scores_that_a_file_states_beside_the_matrix_are_computed_anew(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    result, labels, answers = made_up(run)
    content = json.loads(result.model_dump_json())
    content["scores"]["PublicTest"] |= {"count": 7, "accuracy": 0.99, "macro_f1": 0.99}
    (file := tmp_path / "result.json").write_text(json.dumps(content))
    score = read_result(file).scores["PublicTest"]
    assert (score.count, score.accuracy) == (FACES, (labels == answers).mean())
    assert list(json.loads(result.model_dump_json())["scores"]["PublicTest"]) == ["confusion"]


def test_states_without_results_and_with_all(tmp_path):
    nothing = Found(stored=tmp_path)
    states = {table.id: table_state(table, nothing) for table in list_tables()}
    assert states["001-T1"] == states["001-T2"] == "computed"
    assert states["001-T5"] == "needs RaFD" and states["001-T6"] == "not run"
    assert states["002-T2"] == "costs computed; needs RAF-DB"
    assert states["001-T3"] == "FER2013: not run; FERPlus: not run; needs RaFD"
    (tmp_path / "RaFD").mkdir()
    (tmp_path / "RaFD" / "Rafd090_01_Caucasian_female_angry_frontal.jpg").write_bytes(b"")
    assert table_state(find_table("001-T5"), Found(stored=tmp_path, data=(tmp_path / "RaFD",))) == "not run"
    for study in find_table("004-T1").studies:
        store(made_up(runs(study, "short")[0])[0], tmp_path)
    assert table_state(find_table("004-T1"), nothing) == "costs computed; short form: 2 of 2 runs stored"
    assert table_state(find_table("004-F4"), nothing) == "short form: 1 of 1 runs stored"


def test_the_state_tells_of_both_forms(tmp_path):
    table = find_table("004-F4")
    (study,) = table.studies
    for run in (*runs(study, "short"), runs(study, "full")[1]):
        store(made_up(run)[0], tmp_path)
    of_full = "efficientnet_b0_attention.fer2013.softmax.224px"
    assert table_state(table, Found(stored=tmp_path)) == (
        f"short form: 1 of 1 runs stored, full form: 1 of 3 runs stored ({of_full}, {of_full}.seed2 not run)"
    )
