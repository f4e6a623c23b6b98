"""What the site says of itself and of jobs, to a health check and to Prometheus."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from fer_models.jobs.lock import taken
from fer_models.jobs.store import Store
from webapp import server


@pytest.fixture
def site() -> TestClient:
    return TestClient(Starlette(routes=[Route("/healthz", server.health), Route("/metrics", server.metrics)]))


def told(site: TestClient) -> dict[tuple[str, str], float]:
    """Value by name and state."""
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain") and answer.headers["cache-control"] == "no-store"
    families = text_string_to_metric_families(answer.text)
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, sample.labels.get("state", "")): sample.value for sample in samples}


def test_without_jobs_nothing_is_made(site, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    assert told(site)["ferscope_jobs", "queued"] == 0
    assert json.loads(site.get("/healthz").content)["worker"] == "none"
    assert not (tmp_path / "jobs").exists()


def test_the_servers_own_memory_is_told(site, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path / "jobs"))
    kibibytes = int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])
    assert told(site)["process_resident_memory_bytes", ""] == pytest.approx(1024 * kibibytes, rel=0.2)


def test_the_queue_is_told_by_numbers_and_not_by_names(site, tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_JOBS", str(tmp_path))
    store = Store(tmp_path)
    jobs = [store.add({"name": "secret"}, owner="ann") for _ in range(5)]
    store.claim(jobs[0], 0)
    for job in jobs[:2]:
        store.change(job, "done", came_from=("queued", "running"))
    store.claim(jobs[2], 0)
    with store._changing() as base:
        base.execute("UPDATE jobs SET ended = started + 90 WHERE id = ?", (jobs[0],))
    with taken(tmp_path / "supervisor.lock"):
        found = told(site)
        health = json.loads(site.get("/healthz").content)
    assert [found["ferscope_jobs", state] for state in ("queued", "running", "done", "failed")] == [2, 1, 2, 0]
    assert found["ferscope_worker_up", ""] == 1
    assert (found["ferscope_job_seconds_sum", ""], found["ferscope_job_seconds_count", ""]) == (90, 1)
    assert (health["worker"], health["queue"]) == ("runs", 2)
    text = site.get("/metrics").text
    assert not any(word in text for word in (*jobs, "secret", "ann"))
