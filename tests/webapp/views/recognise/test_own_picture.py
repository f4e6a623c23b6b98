"""A visitor's own picture on the page "Recognise", run without a browser."""

import re

import cv2
import numpy as np
import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import local_script_runner

import fer_models as fer
from tests.support.pages import checked
from tests.support.recognise_page import (
    button,
    has_frame,
    headline,
    html,
    own_pictures,
    said,
    shown_crop,
    upload,
)
from tests.webapp.conftest import png
from webapp import maps
from webapp.components import picture_frame
from webapp.components.own_picture import PRIVACY, OwnPicture
from webapp.figures.answer import reading


def test_upload_is_searched_for_faces_and_kept_by_its_session_alone(visit, astronaut, astronaut_png):
    page = upload(visit(), astronaut_png)
    assert page.radio(key="part").value == "1" and "%" in headline(page)
    assert "The face, aligned" in said(page)
    assert np.array_equal(own_pictures(page)["upload"].image, astronaut)
    assert PRIVACY in said(page)
    assert not own_pictures(visit())


def test_a_picture_stays_until_it_is_removed(visit, astronaut_png):
    page = upload(visit(), astronaut_png)
    checked(page.radio(key="part").set_value("box").run())
    first = shown_crop(page)
    checked(page.radio(key="picture").set_value("sample").run())
    assert shown_crop(page) != first
    checked(page.radio(key="picture").set_value("upload").run())
    assert shown_crop(page) == first and not page.file_uploader
    assert len(page.session_state[maps.OWN]) > 0
    checked(button(page, "Remove picture").click().run())
    assert headline(page) == "No picture yet" and page.file_uploader
    assert not own_pictures(page) and maps.OWN not in page.session_state
    assert "part" not in page.query_params


def test_a_picture_can_be_removed_at_once_and_another_taken_in(visit, astronaut_png):
    page = upload(visit(), astronaut_png)
    checked(button(page, "Remove picture").click().run())
    assert headline(page) == "No picture yet" and not own_pictures(page)
    assert "%" in headline(upload(page, astronaut_png))


def test_the_server_keeps_no_file_of_what_was_opened(visit, monkeypatch, astronaut_png):
    managers = []

    def manager(endpoint: str) -> MemoryUploadedFileManager:
        managers.append(MemoryUploadedFileManager(endpoint))
        return managers[-1]

    page = visit(picture="upload")
    monkeypatch.setattr(local_script_runner, "MemoryUploadedFileManager", manager)
    upload(page, b"this is not a picture")
    assert any(managers[-1].file_storage.values())
    upload(page, astronaut_png)
    assert managers and not any(managers[-1].file_storage.values())


def test_a_large_picture_is_kept_small_with_its_faces_in_place(astronaut):
    image = cv2.resize(astronaut, (3072, 3072), interpolation=cv2.INTER_CUBIC)
    found = fer.detect_faces(image)
    picture = OwnPicture.opened("id", png(image))
    assert picture.image.shape == (2048, 2048, 3) and len(picture.faces) == len(found) > 0
    for face, before in zip(picture.faces, found, strict=True):
        assert np.allclose(face.box, np.array(before.box) * 2 / 3, atol=0.51)
        assert face.eyes == before.eyes is None or np.allclose(face.eyes, np.array(before.eyes) * 2 / 3)
        assert np.array_equal(face.crop, before.crop)


def test_a_picture_is_encoded_once(visit, monkeypatch, astronaut):
    page, encoded = upload(visit(), png(astronaut[300:420, 20:140].copy())), []
    monkeypatch.setattr(picture_frame, "face_webp", lambda *args: encoded.append(args))
    checked(page.slider(key="opacity").set_value(20).run())
    assert headline(page) == "No face found" and not encoded


def test_the_part_of_one_picture_is_not_asked_of_another(visit, astronaut, astronaut_png):
    page = upload(visit(), png(np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)))
    page.radio(key="picture").set_value("camera").run()
    photo = cv2.imencode(".jpg", astronaut[:, :, ::-1])[1].tobytes()
    checked(page.camera_input[0].set_value(("photo.jpg", photo, "image/jpeg")).run())
    checked(page.radio(key="picture").set_value("upload").run())
    checked(page.radio(key="part").set_value("2").run())
    checked(page.radio(key="picture").set_value("camera").run())
    assert page.radio(key="part").value == "1" and not page.warning and "part" not in page.query_params


def test_a_link_can_hide_the_choice_of_a_part(visit, astronaut):
    group = png(np.concatenate([astronaut, astronaut[:, ::-1]], axis=1))
    faceless = png(astronaut[300:420, 20:140].copy())
    for content, choices in ((group, {"part": "2"}), (group, {"part": "box"}), (faceless, {})):
        page = upload(visit(hide="part", **choices), content)
        assert "part" not in {each.key for each in page.radio} and not page.number_input
        assert [each.label for each in page.button if "box" in each.label or "picture" in each.label] == [
            "Remove picture"
        ]
        assert not has_frame(page) and 'alt="Your picture"' in html(page)
        assert ("%" in headline(page)) == bool(choices)
    assert has_frame(upload(visit(), faceless))


@pytest.mark.parametrize("label", ["whole picture", "Draw a box", "MobileNetV1", "Remove picture"])
def test_a_button_ends_a_notice_as_any_choice_does(visit, astronaut, label):
    page = upload(visit(picture="upload", sample="happiness", explain="joy"), png(astronaut[300:420, 20:140].copy()))
    assert "joy" in page.warning[0].value
    checked(button(page, label).click().run())
    assert not any("joy" in each.value for each in page.warning)


def test_a_photo_from_the_camera_is_treated_alike(visit, astronaut):
    page = visit(picture="Camera")
    assert headline(page) == "No picture yet" and PRIVACY in said(page)
    photo = cv2.imencode(".jpg", astronaut[:, :, ::-1])[1].tobytes()
    checked(page.camera_input[0].set_value(("photo.jpg", photo, "image/jpeg")).run())
    assert page.radio(key="part").value == "1" and "%" in headline(page)


def test_several_faces_can_be_chosen_from(visit, astronaut):
    page = upload(visit(), png(np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)))
    assert len(own_pictures(page)["upload"].faces) >= 2
    assert page.radio(key="part").options[:2] == ["Face 1", "Face 2"]
    first = shown_crop(page)
    checked(page.radio(key="part").set_value("2").run())
    assert shown_crop(page) != first


def test_all_faces_of_a_group_are_read_at_once(visit, astronaut):
    page = upload(visit(), png(np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)))
    checked(page.radio(key="part").set_value("2").run())
    faces = own_pictures(page)["upload"].faces
    classifier = fer.load_classifier(page.radio(key="network").value)
    rows = re.findall(r'<tr([^>]*)><th scope="row"><img[^>]*>(\d+)</th><td>(.*?)</td><td>(.*?)</td>', html(page))
    assert [number for _, number, *_ in rows] == [str(number) for number in range(1, len(faces) + 1)]
    assert ["aria-current" in attributes for attributes, *_ in rows] == [each == 1 for each in range(len(faces))]
    probabilities = classifier.predict([face.crop for face in faces])
    for (*_, words, number), each in zip(rows, probabilities, strict=True):
        read = reading(classifier.labels, each)
        assert (words, number) == (read.headline, read.number)
    assert 'aria-label="All faces"' in html(page) and 'aria-label="All faces"' not in html(visit())


def test_a_picture_on_its_side_is_turned_and_searched_again(visit, astronaut):
    page = upload(visit(), png(np.ascontiguousarray(np.rot90(astronaut))))
    checked(page.radio(key="part").set_value("box").run())  # its face was found as it lies
    checked(button(page, "Turn right").click().run())
    picture = own_pictures(page)["upload"]
    assert np.array_equal(picture.image, astronaut)
    assert page.radio(key="part").value == "1" and "The face, aligned" in said(page)
    assert "part" not in page.query_params
    checked(button(page, "Turn left").click().run())
    assert np.array_equal(own_pictures(page)["upload"].image, np.rot90(astronaut))


def test_no_face_offers_the_whole_picture_and_a_box(visit, astronaut):
    image = astronaut[300:420, 20:140].copy()
    assert not fer.detect_faces(image)
    page = upload(visit(), png(image))
    assert headline(page) == "No face found" and not page.warning
    checked(button(page, "whole picture").click().run())
    assert "%" in headline(page) and "The whole picture" in said(page) and len(page.warning) == 1
    checked(page.radio(key="part").set_value("box").run())
    first = shown_crop(page)
    checked(page.number_input(key="right").set_value(40).run())
    assert "%" in headline(page) and shown_crop(page) != first
    assert "No face was found" in page.warning[0].value


def test_a_box_around_a_face_is_not_doubted(visit, astronaut, astronaut_png):
    x0, y0, x1, y1 = fer.detect_faces(astronaut)[0].box
    height, width = astronaut.shape[:2]
    edges = {"left": x0 / width - 0.1, "top": y0 / height - 0.1, "right": x1 / width + 0.1, "bottom": y1 / height + 0.1}
    link = {name: str(min(max(round(100 * edge), 0), 100)) for name, edge in edges.items()}
    assert not upload(visit(part="box", **link), astronaut_png).warning
    assert upload(visit(part="box", left="0", top="80", right="20", bottom="100"), astronaut_png).warning


def test_a_box_of_no_width_is_a_sentence(visit, astronaut):
    page = upload(visit(part="Draw a box", left="75"), png(astronaut[300:420, 20:140].copy()))
    assert headline(page) == "This picture cannot be used" and "Draw it around a face" in page.error[0].value


@pytest.mark.parametrize("content", [b"this is not a picture", b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_bad_file_is_a_sentence_and_the_page_goes_on(visit, astronaut_png, content):
    page = upload(visit(), content)
    assert headline(page) == "This picture cannot be used" and len(page.error) == 1
    assert "%" in headline(upload(page, astronaut_png))
