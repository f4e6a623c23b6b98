"""The site and its jobs in numbers, as Prometheus reads them. No label names a person, a picture or a job."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from fer_models.jobs.summary import summary

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def as_text(is_ready: bool) -> bytes:
    """Whether the networks are in memory, whether a worker runs, jobs by state, how long those over took; the server's
    own memory, processor time and open files."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Now(is_ready))
    return generate_latest(registry)


class _Now(Collector):
    """All numbers are read as they are asked for: several sites and workers share one queue."""

    def __init__(self, is_ready: bool) -> None:
        self.is_ready = is_ready

    def collect(self) -> Iterator[Metric]:
        found = summary()
        yield GaugeMetricFamily("ferscope_ready", "1 once the networks are in memory.", int(self.is_ready))
        yield GaugeMetricFamily("ferscope_worker_up", "1 while a worker looks after jobs.", int(found.worker))
        states = GaugeMetricFamily("ferscope_jobs", "Fine-tuning jobs by state; queued ones wait.", labels=["state"])
        for state, count in found.states.items():
            states.add_metric([state], count)
        yield states
        words = "From start to end of jobs that are over."
        yield SummaryMetricFamily("ferscope_job_seconds", words, count_value=found.ended, sum_value=found.seconds)
