"""The page "Fine-tune", run without a browser: jobs in every state, those of others, and who may launch."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fer_models.jobs.store import Store
from tests.support import pages
from tests.support.pages import checked, opened, text
from tests.webapp.conftest import save
from webapp import visitor
from webapp.views.fine_tune.progress import duration

PAGE = """
from webapp import state
from webapp.views.fine_tune.page import page

with state.kept("Fine-tune"):
    page()
"""
SPEC = {
    "checkpoint": "a_mobilenet.ferplus",
    "train": "last",
    "epochs": 4,
    "early_stop": 0,
    "keep_labels": False,
    "learning_rate": None,
    "seed": 3,
    "minutes": 9,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fine-tune")
    save(folder, "a_mobilenet")
    save(folder, "mobilenetv1")
    return folder


@pytest.fixture
def store(tmp_path, monkeypatch, folder, only_checkpoints) -> Store:
    """A folder of jobs, for whoever sits at the machine."""
    only_checkpoints(folder)
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(visitor, "is_at_the_machine", lambda: True)
    return Store(tmp_path / "jobs")


def visit(**choices: str) -> AppTest:
    return opened(AppTest.from_string(PAGE, default_timeout=120), choices)


def add(store: Store, name: str = "mine", state: str = "queued", owner: str = "", epochs: int = 0) -> str:
    job = store.add({**SPEC, "name": name}, owner)
    if state != "queued":
        store.claim(job, 0)
    if state not in ("queued", "running"):
        store.change(job, state, came_from=("running",), reason="The disk is full." if state == "failed" else "")
    shares = [0.5, 0.75, 0.875, 1.0]
    store.record(
        job,
        [
            {
                "epoch": epoch,
                "side": 64,
                "loss": 2 / epoch,
                "validation_loss": 3 / epoch,
                "accuracy": shares[epoch - 1],
                "training_accuracy": shares[epoch - 1] / 2,
                "macro_f1": 0.5,
                "seconds": 10.0 * epoch,
            }
            for epoch in range(1, epochs + 1)
        ],
    )
    return job


def button(page: AppTest, label: str):
    (found,) = [each for each in page.button if each.label == label]
    return found


def labels(page: AppTest) -> list[str]:
    return [each.label for each in page.button]


def test_at_the_machine_pictures_are_asked_for_and_limits_are_said(store, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS_ACTIVE", "3")
    monkeypatch.setenv("FERSCOPE_JOBS_PICTURES", "321")
    add(store)
    page = visit()
    assert len(page.get("file_uploader")) == 1
    assert "No pictures yet" in text(page)
    assert "may launch 2 more" in text(page) and "321 pictures" in text(page)
    assert button(page, "Launch").disabled


def test_elsewhere_nothing_can_be_launched_or_uploaded(store, monkeypatch):
    monkeypatch.setattr(visitor, "is_at_the_machine", lambda: False)
    monkeypatch.delenv(visitor.CODE_VARIABLE, raising=False)
    page = visit()
    assert not page.get("file_uploader") and "Launch" not in labels(page)
    assert visitor.CODE_VARIABLE in text(page)


def test_a_job_of_another_is_as_if_it_were_not(store, monkeypatch):
    theirs, missing = add(store, "theirs", owner="somebody"), "0" * 32
    monkeypatch.setattr(visitor, "is_at_the_machine", lambda: False)
    said = [text(visit(job=job)) for job in (theirs, missing)]
    assert said[0] == said[1] and "theirs" not in said[0] and "no such job" in said[0]


def test_a_waiting_job_says_how_many_are_before_it(store):
    first, second = add(store, "one"), add(store, "two")
    assert "next in the queue" in text(visit(job=first))
    assert "1 before it" in text(visit(job=second))


def test_a_running_job_shows_its_curves_and_the_time_left(store):
    page = visit(job=add(store, state="running", epochs=2))
    assert "Learning" in text(page) and "75.0 % after epoch 2 of 4" in text(page)
    assert "About 20 s left" in str([each.proto for each in page.get("progress")])
    drawn = pages.charts(page)
    loss = [pages.values(trace["y"]).tolist() for trace in drawn["loss_of_job"]["data"]]
    assert loss == [[3, 1.5], [2, 1]]  # validation, training
    accuracy = [pages.values(trace["y"]).tolist() for trace in drawn["accuracy_of_job"]["data"]]
    assert accuracy == [[0.5, 0.75], [0.25, 0.375]]  # validation, training
    assert "Cancel" in labels(page) and "Delete" not in labels(page)


def test_of_a_job_out_of_reach_no_time_is_told(store):
    job = add(store, state="running", epochs=2)
    store.see(job, "unreachable", "The cluster does not answer.")
    page = visit(job=job)
    assert "Out of reach" in text(page) and "does not answer" in str([each.value for each in page.error])
    assert " left" not in str([each.proto for each in page.get("progress")])
    assert "Cancel" in labels(page)


def test_other_runs_are_laid_over_it(store):
    job, other = add(store, "one", "failed", epochs=2), add(store, "two", "cancelled", epochs=3)
    page = visit(job=job, beside=other)
    accuracy = pages.charts(page)["accuracy_of_job"]["data"]
    assert [len(pages.values(trace["y"])) for trace in accuracy] == [2, 2, 3, 3]
    assert [trace["name"].split(",")[0] for trace in accuracy] == ["one", "one", "two", "two"]


def test_a_failed_job_says_why_and_can_be_deleted_for_a_minute(store):
    job = add(store, state="failed", epochs=1)
    page = visit(job=job)
    assert [each.value for each in page.error] == ["The disk is full\\."] and "Continue" in labels(page)
    checked(button(page, "Delete").click().run())
    assert not store.list() and "mine is deleted" in text(page)
    checked(button(page, "Undo").click().run())
    assert [each.id for each in store.list()] == [job] and "Failed" in text(page)


def test_a_job_is_launched_again_with_changes(store):
    page = checked(button(visit(job=add(store, state="failed")), "Launch another with changes").click().run())
    assert page.number_input(key="epochs").value == 4 and page.number_input(key="seed").value == 3
    assert page.radio(key="train").value == "last" and page.radio(key="preset").value == "own"


def test_a_preset_sets_what_is_under_advanced(store):
    page = visit()
    assert page.radio(key="preset").value == "quick"
    checked(page.radio(key="preset").set_value("thorough").run())
    assert page.radio(key="train").value == "all" and page.number_input(key="early_stop").value > 0
    checked(page.radio(key="train").set_value("last").run())
    assert page.radio(key="preset").value == "own"


def test_a_recipe_is_shown_as_json_and_taken_back(store):
    page = visit(train="all", epochs="7", seed="5")
    (recipe,) = [each.value for each in page.code if each.language == "json"]
    other = visit()
    other.text_area(key="pasted_recipe").set_value(recipe).run()
    checked(button(other, "Take it over").click().run())
    assert recipe in [each.value for each in other.code]
    other.text_area(key="pasted_recipe").set_value('{"epochs": 3, "epoch": 4}').run()
    checked(button(other, "Take it over").click().run())
    assert "epoch" in other.error[0].value and other.number_input(key="epochs").value == 7
    other.text_area(key="pasted_recipe").set_value("[1]").run()
    assert checked(button(other, "Take it over").click().run()).error


@pytest.mark.parametrize(("seconds", "words"), [(3.4, "about 3 s"), (89, "about 89 s"), (150, "about 2 min")])
def test_time_left_is_said_in_words(seconds, words):
    assert duration(seconds) == words
