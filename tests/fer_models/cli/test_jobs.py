"""`ferscope jobs` on a queue that nobody works on."""

import json

from typer.testing import CliRunner

import fer_models.jobs
from fer_models.cli import app
from tests.conftest import make_checkpoint
from tests.support.made_up_data import write_class_folders


def ferscope(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["jobs", *words])
    assert result.exit_code == code, result.output
    return result.output


def test_a_job_is_submitted_shown_cancelled_resumed_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(fer_models.jobs.supervisor, "start", lambda folder: None)
    tiny = make_checkpoint("mobilenetv3_small", tmp_path, "tiny.test", side=48)
    pictures = write_class_folders(tmp_path / "pictures", ("happy", "sad"))
    job = ferscope("submit", str(tiny), "--data", str(pictures), "--epochs", "3", "--name", "mine").strip()
    assert job.isalnum()
    shown = json.loads(ferscope("show", job, "--json"))
    assert (shown["state"], shown["metrics"], shown["pid"], shown["reason"]) == ("queued", [], None, "")
    assert shown["spec"]["epochs"] == 3
    spec = tmp_path / "spec.json"
    spec.write_text(ferscope("show", job, "--spec"))
    again = ferscope("submit", "--spec", str(spec), "--name", "other", "--preset", "thorough", "--epochs", "5").strip()
    changed = {"name": "other", "train": "all", "epochs": 5, "early_stop": 10}
    assert json.loads(ferscope("show", again, "--json"))["spec"] == shown["spec"] | changed
    spec.write_text(json.dumps(shown["spec"] | {"speed": 1}))
    assert "speed" in ferscope("submit", "--spec", str(spec), code=1)
    assert "quick or thorough" in ferscope("submit", str(tiny), "--preset", "slow", code=1)
    ferscope("cancel", again)
    ferscope("delete", again)
    ferscope("cancel", job)
    assert "cancelled" in ferscope("list") and job in ferscope("list")
    ferscope("resume", job)
    assert ferscope("show", job).startswith("queued")
    assert ferscope("logs", job) == ""
    assert "cancel it first" in ferscope("delete", job, code=1)
    ferscope("cancel", job)
    ferscope("delete", job)
    assert ferscope("list") == ""
    assert "no job" in ferscope("show", job, code=1)
    assert "epochs" in ferscope("submit", str(tiny), "--data", str(pictures), "--epochs", "-1", code=1)
