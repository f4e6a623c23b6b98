"""What a job is said to have changed, against the answers of the two networks themselves."""

import numpy as np
import pytest
import torch

import fer_models.jobs as jobs
from fer_models.checkpoints import load_checkpoint
from fer_models.classifier import load_classifier
from fer_models.data import hold_out_tenth, read_parts
from fer_models.jobs.job import jobs_folder
from fer_models.jobs.store import Store
from fer_models.jobs.work import train
from tests.conftest import make_checkpoint
from tests.support.made_up_data import write_class_folders


def done(spec: jobs.Spec) -> str:
    """A job that was done in this process."""
    job, store = jobs.submit(spec), Store(jobs_folder())
    store.claim(job, 0)
    train(store.job_folder(job), jobs.read_spec(store.get(job).spec))
    store.change(job, "done", came_from=("running",))
    return job


def test_zero_steps_change_nothing_bit_for_bit(folder, spec, tmp_path):
    for form in ("fp16", "int8"):
        start = make_checkpoint("mobilenetv3_small", tmp_path, f"start.{form}", side=48, form=form)
        job = done(spec.model_copy(update={"checkpoint": str(start), "epochs": 0, "keep_labels": True}))
        (before, _), (after, card) = load_checkpoint(start), load_checkpoint(jobs.result(job))
        expected = before.state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in after.state_dict().items())
        found = jobs.comparison(job)
        assert found.before == found.after and found.labels == card.labels and not found.unknown


def test_answers_before_and_after_are_those_of_the_two_networks(folder, spec):
    job = done(spec)
    found = jobs.comparison(job)
    start = load_classifier(spec.checkpoint)
    faces = hold_out_tenth(read_parts(spec.data, "folder", side=start.card.preprocessing.source_side).training)[1]
    for classifier, counts in ((start, found.before), (load_classifier(jobs.result(job)), found.after)):
        outputs = [classifier.labels.index(label) for label in found.labels]
        with torch.inference_mode():
            logits = classifier.network(classifier.to_input(torch.from_numpy(faces.images)))[:, outputs]
        expected = np.zeros((2, 2), int)
        for label, answer in zip(faces.labels, logits.argmax(1).tolist(), strict=True):
            expected[label, answer] += 1
        assert np.array_equal(counts, expected)
    before, after = found.confusions()
    assert before.count == after.count == len(faces)


def test_of_a_label_that_the_start_does_not_know_it_is_never_right(folder, spec, tmp_path):
    pictures = write_class_folders(tmp_path / "odd", ("happy", "sad", "bored"), count=12)
    found = jobs.comparison(done(spec.model_copy(update={"data": pictures})))
    assert (found.labels, found.unknown) == (("happiness", "sadness", "bored"), ("bored",))
    assert sum(row[2] for row in found.before) == 0 and sum(found.before[2]) > 0
    (pictures / "sad").rename(pictures / "tired")
    found = jobs.comparison(done(spec.model_copy(update={"data": pictures})))
    assert (found.unknown, found.before) == (("bored", "tired"), None)


def test_labels_of_the_checkpoint_that_no_picture_has_stay_as_they_are(folder, spec):
    job = done(spec.model_copy(update={"keep_labels": True}))
    (before, old), (after, new) = load_checkpoint(spec.checkpoint), load_checkpoint(jobs.result(job))
    assert new.labels == old.labels
    rows = zip(old.labels, before.classifier[-1].weight, after.classifier[-1].weight, strict=True)
    assert [label for label, a, b in rows if not torch.equal(a, b)] == ["happiness", "sadness"]


def test_a_job_that_is_not_done_has_nothing_to_compare(folder, spec):
    job = jobs.submit(spec, "ann")
    with pytest.raises(jobs.JobError, match="queued"):
        jobs.comparison(job, "ann")
    with pytest.raises(jobs.JobError, match="no job"):
        jobs.comparison(job, "bob")
