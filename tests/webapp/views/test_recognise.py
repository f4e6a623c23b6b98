"""The page "Recognise", run without a browser."""

import re
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
import webapp
from tests.support import pages
from tests.support.pages import checked, opened, text
from tests.webapp.conftest import png, save
from webapp.components.face_intake import PRIVACY
from webapp.components.gallery import read_gallery
from webapp.views import recognise

APP = Path(webapp.__file__).with_name("app.py")
NAMES = ["MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention", "mobilenetv1.ferplus"]


@pytest.fixture
def visit(four_checkpoints, only_checkpoints):
    """Call it with the choices of a link: a visitor's page, run once."""
    only_checkpoints(four_checkpoints)
    return open_page


def open_page(**choices: str) -> AppTest:
    return opened(AppTest.from_file(str(APP), default_timeout=60), choices)


def html(page: AppTest) -> str:
    return unescape(pages.html(page))


def headline(page: AppTest) -> str:
    """The text of the largest heading, e.g. 'Happiness 52 %', or of the message in its place."""
    return re.sub(r"<[^>]+>", "", re.search(r'<div class="fs-answer.*?<h2[^>]*>(.*?)</h2>', html(page))[1])


def shown_crop(page: AppTest) -> str:
    return re.search(r'src="(data:image/webp[^"]+)"', html(page))[1]


def upload(page: AppTest, content: bytes, name: str = "picture.png") -> AppTest:
    page.segmented_control(key="picture").set_value("upload").run()
    return checked(page.file_uploader(key="upload").set_value((name, content, "image/png")).run())


def test_a_gallery_result_is_there_at_first_load(visit):
    page = visit()
    assert page.pills(key="sample").value == "happiness"
    assert re.fullmatch(r"[A-Z][a-z]+ [<>]?\d+.%", headline(page))
    text = html(page)
    assert "Never what the person feels" in text and "A CAM can light up places the network does not use" in text
    assert "Nobody's face: made of 30 training faces" in page.caption[0].value


@pytest.mark.parametrize("name", NAMES)
def test_every_gate_of_every_network_is_drawn(visit, four_checkpoints, astronaut, name):
    page = visit(network=name)
    assert page.pills(key="network").options == NAMES  # the papers' order, then others
    classifier = fer.load_classifier(page.pills(key="network").value)
    text = html(page).replace("<wbr>", "")
    modules = {gate.layer for gate in fer.explain(classifier, astronaut).gates}
    assert all(f"<code>{module}</code>" in text for module in modules)
    shown = text.count("<figure>") - 2 - 4  # without face and overlay, and without the Grad-CAM strip
    assert shown == len(modules)
    assert ("This network computes no attention" in text) == (not modules)


def test_layers_have_plain_names(visit):
    text = html(visit(network="MobileNetV3-CPSCA"))
    assert (
        "<strong>Block 9 · CPSCA</strong><span>184 channels · 4\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}4 values</span>"
        in text
    )
    assert "<strong>Block 4 · SE</strong>" in text and "<strong>Block 11 · CA</strong>" in text
    assert "<strong>Last map · Pointwise gate</strong>" in html(visit(network="EfficientNet-B0-attention"))
    assert "<strong>Block 4 · CBAM channels</strong>" in html(visit(network="A-MobileNet"))


def test_choices_are_restored_from_a_link(visit):
    page = visit(
        sample="Fear", composite="2", network="MobileNetV3-CPSCA", explain="Sadness", opacity="20", stretch="true"
    )
    assert page.pills(key="sample").value == "fear" and page.segmented_control(key="composite").value == "2"
    assert page.pills(key="network").value == "mobilenetv3_cpsca.ferplus"
    text = html(page)
    assert "Grad-CAM for sadness" in text and "opacity:0.20" in text
    assert "Stretched to this picture's range" in text


def test_a_link_to_what_does_not_exist_shows_the_default(visit):
    page = visit(sample="Joy", network="ResNet-152", opacity="400", composite="17")
    assert page.pills(key="sample").value == "happiness" and page.pills(key="network").value == "a_mobilenet.ferplus"
    assert page.slider(key="opacity").value == 60 and "%" in headline(page)
    assert len(page.warning) == 1
    assert all(asked in page.warning[0].value.replace("\\", "") for asked in ("Joy", "ResNet-152", "400", "17"))


def test_every_sample_of_the_gallery_gives_a_result(visit):
    page = visit()
    for group, samples in read_gallery().items():
        checked(page.pills(key="sample").set_value(group).run())
        for number in range(1, len(samples) + 1) if len(samples) > 1 else ():
            checked(page.segmented_control(key="composite").set_value(str(number)).run())
            assert page.caption[0].value == samples[number - 1].caption
        assert "%" in headline(page)


def test_scales_are_fixed_until_stretched(visit):
    bar = re.compile(r'<div class="fs-ticks"><span>([^<]*)</span><span>[^<]*</span><span>([^<]*)</span>')
    page = visit(network="MobileNetV3-SimAM")
    assert bar.findall(html(page))[1] == ("0.622", "1.000")
    page.pills(key="sample").set_value("anger").run()
    assert bar.findall(html(page))[1] == ("0.622", "1.000")
    low, high = bar.findall(html(page.toggle(key="stretch").set_value(True).run()))[1]
    assert 0.622 <= float(low) < float(high) < 1


def test_small_differences_lead_to_the_switch(visit):
    hint = "Differences are small here: “Stretch to this picture's range” makes them visible."
    page = visit(network="MobileNetV3-SimAM")
    assert hint in text(page)
    assert hint not in text(page.toggle(key="stretch").set_value(True).run())


def test_opacity_target_and_stretch_compute_nothing_again(visit, monkeypatch):
    page, calls = visit(), []
    monkeypatch.setattr(recognise.fer, "explain", lambda *args: calls.append(args))
    page.slider(key="opacity").set_value(10).run()
    page.toggle(key="stretch").set_value(True).run()
    checked(page.selectbox(key="explain").set_value("anger").run())
    assert not calls and "Grad-CAM for anger" in html(page) and "opacity:0.10" in html(page)


def test_scores_and_papers_are_stated(visit):
    page = visit(network="A-MobileNet")
    assert "Nan et al. 2022." in page.caption[1].value
    for part in ("81.2", "PublicTest, 3,199 faces", "majority", "95", "79.8", "82.5"):
        assert part in page.caption[1].value
    page.pills(key="network").set_value("mobilenetv3_simam.ferplus").run()
    assert "Jiang et al. 2024." in page.caption[1].value and "Not scored" in page.caption[1].value
    assert "based on improved MobileNetV3" in page.expander[0].markdown[0].value


def test_upload_is_searched_for_faces_and_kept_by_its_session_alone(visit, astronaut, astronaut_png):
    page = upload(visit(), astronaut_png)
    assert page.pills(key="part").value == "1" and "%" in headline(page)
    assert "The face, aligned" in html(page)
    assert np.array_equal(page.session_state["opened"].image, astronaut)
    assert any("stays in this session's memory" in caption.value for caption in page.caption)
    assert "opened" not in visit().session_state


def test_a_removed_picture_is_forgotten(visit, astronaut_png):
    page = upload(visit(), astronaut_png)
    checked(page.file_uploader(key="upload").set_value(None).run())
    assert headline(page) == "No picture yet"
    assert "opened" not in page.session_state and "explained" not in page.session_state


def test_a_photo_from_the_camera_is_treated_alike(visit, astronaut):
    page = visit(picture="Camera")
    assert headline(page) == "No picture yet" and PRIVACY in [caption.value for caption in page.caption]
    photo = cv2.imencode(".jpg", astronaut[:, :, ::-1])[1].tobytes()
    checked(page.camera_input(key="camera").set_value(("photo.jpg", photo, "image/jpeg")).run())
    assert page.pills(key="part").value == "1" and "%" in headline(page)


def test_several_faces_can_be_chosen_from(visit, astronaut):
    page = upload(visit(), png(np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)))
    faces = page.session_state["opened"].faces
    assert len(faces) >= 2 and page.pills(key="part").options[:2] == ["Face 1", "Face 2"]
    checked(page.pills(key="part").set_value("2").run())
    assert page.session_state["explained"][0][0][1] == "2"


def test_no_face_offers_the_whole_picture_and_a_box(visit, astronaut):
    image = astronaut[300:420, 20:140].copy()
    assert not fer.detect_faces(image)
    page = upload(visit(), png(image))
    assert headline(page) == "No face found" and page.pills(key="part").value == "nothing"
    checked(page.pills(key="part").set_value("whole").run())
    assert "%" in headline(page) and "The whole picture" in html(page)
    checked(page.pills(key="part").set_value("box").run())
    first = shown_crop(page)
    checked(page.number_input(key="right").set_value(40).run())
    assert "%" in headline(page) and shown_crop(page) != first


def test_a_box_of_no_width_is_a_sentence(visit, astronaut):
    page = upload(visit(part="Draw a box", left="75"), png(astronaut[300:420, 20:140].copy()))
    assert headline(page) == "This picture cannot be used" and "Draw it around a face" in html(page)


@pytest.mark.parametrize("content", [b"this is not a picture", b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_bad_file_is_a_sentence_and_the_page_goes_on(visit, astronaut_png, content):
    page = upload(visit(), content)
    assert headline(page) == "This picture cannot be used"
    assert not page.error and "explained" not in page.session_state
    assert "%" in headline(upload(page, astronaut_png))


def test_a_damaged_checkpoint_is_a_sentence_and_another_can_be_chosen(tmp_path, only_checkpoints):
    weights = save(tmp_path, "mobilenetv3_cpsca")
    save(tmp_path, "a_mobilenet")
    weights.write_bytes(weights.read_bytes()[:1000])
    only_checkpoints(tmp_path)
    page = open_page(network="MobileNetV3-CPSCA")
    assert headline(page) == "This network cannot be loaded" and "cut short or damaged" in html(page)
    checked(page.pills(key="network").set_value("a_mobilenet.ferplus").run())
    assert "%" in headline(page)


def test_without_checkpoints_the_page_says_how_to_get_one(tmp_path, only_checkpoints):
    only_checkpoints(tmp_path)
    page = open_page()
    assert headline(page) == "No network yet" and "ferscope train" in html(page)


def test_new_weights_under_the_same_name_are_loaded(tmp_path, only_checkpoints, four_checkpoints):
    for file in four_checkpoints.glob("a_mobilenet.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    only_checkpoints(tmp_path)
    page = open_page()
    before = page.session_state["explained"][0]
    save(tmp_path, "a_mobilenet")
    assert checked(page.run()).session_state["explained"][0] != before
