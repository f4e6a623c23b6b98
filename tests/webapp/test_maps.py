"""What was computed of faces: once for all visitors of the gallery, in the session for a visitor's own; bounded."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from tests.webapp.conftest import save
from webapp import maps
from webapp.components.face import ChosenFace
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop

NAME = "mobilenetv3_small.ferplus"
SAMPLE = read_gallery()["fear"][0]
GALLERY = ChosenFace(("sample", SAMPLE.id), sample_crop(SAMPLE), sample=SAMPLE)
OWN = ChosenFace(("picture", 1), sample_crop(SAMPLE))


@pytest.fixture(autouse=True)
def new_server(tmp_path: Path, only_checkpoints, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is kept yet; returns the weights of the one checkpoint."""
    only_checkpoints(tmp_path)
    monkeypatch.setattr(maps, "_shared", maps.Memory(maps.SHARED_BYTES))
    monkeypatch.setattr(st, "session_state", {})
    return save(tmp_path, "mobilenetv3_small")


@pytest.fixture
def ask():
    """Call it with a face and a question; its ``computed`` are the questions that were not answered from memory."""

    def answer(face: ChosenFace, *question: str) -> list[str]:
        return maps.remembered(face, NAME, question, lambda _: answer.computed.append(question) or list(question))

    answer.computed = []
    return answer


@pytest.mark.parametrize(("face", "times"), [(GALLERY, 1), (OWN, 2)], ids=["gallery", "own"])
def test_visitors_share_what_is_computed_of_the_gallery_alone(ask, monkeypatch, face, times):
    for _ in range(2):
        assert ask(face, "map") == ask(face, "map") == ["map"]
        monkeypatch.setattr(st, "session_state", {})
    assert len(ask.computed) == times


def test_a_visitors_answers_are_in_the_session_and_go_with_the_picture(ask):
    ask(OWN, "map")
    assert len(maps._shared) == 0 and maps.is_remembered(OWN, NAME, ("map",))
    maps.forget_own()
    assert not st.session_state and not maps.is_remembered(OWN, NAME, ("map",))


def test_all_that_decides_an_answer_tells_it_apart(ask, new_server):
    ask(GALLERY, "map")
    ask(GALLERY, "map", "layer")
    other = ChosenFace((*GALLERY.key, "covered"), GALLERY.crop, sample=SAMPLE)
    assert not maps.is_remembered(other, NAME, ("map",))
    os.utime(new_server, ns=(1, 1))
    assert not maps.is_remembered(GALLERY, NAME, ("map",))
    ask(GALLERY, "map")
    assert len(ask.computed) == 3


def test_as_much_is_computed_at_a_time_as_there_are_cores_and_a_first_answer_waits_for_none(monkeypatch):
    monkeypatch.setattr(maps, "_at_work", threading.BoundedSemaphore(2))
    begun, go, at_work, most = threading.Semaphore(0), threading.Event(), [], []

    def compute(_) -> list[str]:
        at_work.append(1)
        most.append(len(at_work))
        begun.release()
        assert go.wait(30)
        at_work.pop()
        return ["map"]

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(maps.remembered, GALLERY, NAME, ("map", str(number)), compute) for number in range(6)]
        begun.acquire(), begun.acquire()
        assert maps.remembered(GALLERY, NAME, ("explain",), lambda _: ["answer"], quick=True) == ["answer"]
        go.set()
        assert [each.result() for each in asked] == [["map"]] * 6
    assert max(most) == 2


def test_what_is_stored_of_a_gallery_face_asks_no_network(monkeypatch):
    stored = np.arange(2 * 9, dtype=np.float32).reshape(2, 3, 3)
    monkeypatch.setattr(maps, "stored_occlusion", lambda name, crop: stored if crop is GALLERY.crop else None)
    monkeypatch.setattr(maps, "load_classifier", lambda name: pytest.fail("a network was asked"))
    assert maps.is_attributed(GALLERY, NAME, "occlusion", None, 1)
    assert np.array_equal(maps.attribution(GALLERY, NAME, "occlusion", None, 1), stored[1])
    # Neither another method's map nor a visitor's face is stored.
    assert not maps.is_attributed(GALLERY, NAME, "grad-cam", None, 1)
    assert not maps.is_attributed(OWN, NAME, "occlusion", None, 1)


def test_what_was_used_longest_ago_goes_first_and_the_newest_stays_however_large():
    memory = maps.Memory(1000)
    for name in ("a", "b", "a", "c"):
        memory.get(name, lambda: np.zeros(400, np.uint8))
    assert ["a" in memory, "b" in memory, "c" in memory] == [True, False, True] and memory.bytes == 800
    memory.get("huge", lambda: np.zeros(5000, np.uint8))
    assert len(memory) == 1 and "huge" in memory


def test_an_answer_takes_what_its_arrays_take():
    class_of_maps = ChosenFace(("a",), np.zeros((4, 4, 3), np.uint8))
    assert maps.size({"x": [np.zeros(10), np.zeros(3, np.float32)]}) == 92
    assert maps.size((class_of_maps, class_of_maps)) >= 96


def test_of_many_who_ask_at_once_one_computes():
    memory, asked, computed = maps.Memory(1000), threading.Barrier(4), []

    def visit(_: int) -> int:
        asked.wait(30)
        return memory.get("map", lambda: computed.append(1) or 5)

    with ThreadPoolExecutor(4) as visitors:
        assert list(visitors.map(visit, range(4))) == [5] * 4
    assert len(computed) == 1


def test_what_fails_is_tried_again():
    memory = maps.Memory(1000)
    with pytest.raises(ValueError, match="no such layer"):
        memory.get("map", lambda: (_ for _ in ()).throw(ValueError("no such layer")))
    assert memory.get("map", lambda: 5) == 5
