"""The page "Recognise", run without a browser."""

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.element_tree import Button

import fer_models as fer
import webapp
from fer_models.evaluation.faithfulness import MapName
from tests.support import pages
from tests.support.pages import checked, opened, text
from tests.webapp.conftest import png, save
from webapp import maps
from webapp.components import picture_frame
from webapp.components.gallery import read_gallery
from webapp.components.own_picture import PRIVACY, OwnPicture
from webapp.components.samples import sample_crop
from webapp.figures.answer import reading
from webapp.views.recognise import hero

APP = Path(webapp.__file__).with_name("app.py")
NAMES = ["MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention", "MobileNetV1"]


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
    return re.search(r"--fs-face:url\((data:image/webp[^)]+)\)", html(page))[1]


def said(page: AppTest) -> str:
    """All that the page says in plain text of Streamlit's own."""
    return "\n".join(each.value for each in (*page.caption, *page.markdown, *page.info, *page.error, *page.warning))


def has_frame(page: AppTest) -> bool:
    return any(each.proto.id.endswith("-frame") for each in page.get("bidi_component"))


def button(page: AppTest, words: str) -> Button:
    return next(each for each in page.button if words in each.label)


def own_pictures(page: AppTest) -> dict:
    try:
        return page.session_state["own_pictures"]
    except KeyError:
        return {}


def upload(page: AppTest, content: bytes, name: str = "picture.png") -> AppTest:
    page.radio(key="picture").set_value("upload").run()
    return checked(page.file_uploader[0].set_value((name, content, "image/png")).run())


def test_a_gallery_result_is_there_at_first_load(visit):
    page = visit()
    assert page.radio(key="sample").value == "happiness"
    assert re.fullmatch(r"[A-Z][a-z]+ [<>]?\d+.%|Unsure: [a-z]+ or [a-z]+ \d+.% or \d+.%", headline(page))
    assert "Never what the person feels" in said(page)
    covering, cam = re.findall(r'<img[^>]* alt="((?:What changes|Grad-CAM) [^"]*)"', html(page))[:2]
    assert "16" in covering and re.search(r"\b2\s×\s2 places", cam)
    assert re.search(r'<p class="fs-verdict fs-(green|amber|red)">', html(page))
    assert "Nobody's face: made of 30 training faces" in said(page)


@pytest.mark.parametrize("name", NAMES)
def test_every_gate_of_every_network_is_drawn(visit, four_checkpoints, astronaut, name):
    page = visit(network=name)
    assert page.radio(key="network").options == (NAMES if name == NAMES[-1] else NAMES[:4])
    classifier = fer.load_classifier(page.radio(key="network").value)
    text = html(page).replace("<wbr>", "")
    modules = {gate.layer for gate in fer.explain(classifier, astronaut).gates}
    assert all(f"<code>{module}</code>" in text for module in modules)
    # Without covering and Grad-CAM; channel weights are rows of a table.
    shown = text.count("<figure>") - 2 + len(re.findall(r'<tr><th scope="row">[^<]*<code>', text))
    assert shown == len(modules)
    assert ("This network computes no attention" in text) == (not modules)


@pytest.mark.parametrize("name", NAMES[:4])
def test_each_layer_is_told_as_three_frames_when_it_is_asked_for(visit, name):
    page = visit(network=name)
    assert "What comes in</strong>" not in html(page)
    folds = [each for each in page.expander if each.label == "What comes in, and what goes out"]
    for number in range(len(folds)):
        page.session_state[f"passages{number}"] = True
    checked(page.run())
    classifier = fer.load_classifier(page.radio(key="network").value)
    found = fer.passages(classifier, sample_crop(read_gallery()["happiness"][0]))
    assert html(page).count("What comes in</strong>") == html(page).count("What goes out</strong>") == len(found)
    for each in found:
        most, least = each.weights.argmax(), each.weights.argmin()
        assert f"Most: {each.weights[most]:.2f}" in html(page) and f"Least: {each.weights[least]:.2f}" in html(page)


def test_simam_shows_its_energy_in_its_own_unit(visit):
    page = visit(network="MobileNetV3-SimAM", simam="energy")
    assert page.radio(key="simam").value == "energy"
    found = fer.passages(fer.load_classifier("mobilenetv3_simam.ferplus"), sample_crop(read_gallery()["happiness"][0]))
    highest = max(float(each.inverse_energy.mean(0).max()) for each in found)
    assert "1/e*" in html(page) and f"{highest:.3f}" in html(page)
    assert "simam" not in {each.key for each in visit(network="A-MobileNet").radio}


def test_layers_have_plain_names(visit):
    text = html(visit(network="MobileNetV3-CPSCA"))
    assert (
        "<strong>Block 9 · CPSCA</strong> <span>184 channels · 4\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}4 values</span>"
        in text
    )
    assert '<th scope="row">Block 4 · SE<' in text and "<strong>Block 11 · CA</strong>" in text
    assert "<strong>Last map · Pointwise gate</strong>" in html(visit(network="EfficientNet-B0-attention"))
    assert "<strong>Block 4 · CBAM places</strong>" in html(visit(network="A-MobileNet"))


def test_choices_are_restored_from_a_link(visit):
    page = visit(
        sample="Fear", composite="2", network="MobileNetV3-CPSCA", explain="Sadness", opacity="20", contrast="same"
    )
    assert page.radio(key="sample").value == "fear" and page.radio(key="composite").value == "2"
    assert page.radio(key="network").value == "mobilenetv3_cpsca.ferplus"
    text = html(page)
    assert "Grad-CAM for sadness" in text and "opacity:0.20" in text
    assert page.radio(key="contrast").value == "same"


def test_a_link_to_what_does_not_exist_shows_the_default(visit):
    page = visit(sample="Joy", network="ResNet-152", opacity="400", composite="17")
    assert page.radio(key="sample").value == "happiness" and page.radio(key="network").value == "a_mobilenet.ferplus"
    assert page.slider(key="opacity").value == 60 and "%" in headline(page)
    assert len(page.warning) == 1
    assert all(asked in page.warning[0].value.replace("\\", "") for asked in ("Joy", "ResNet-152", "400", "17"))


def test_a_lecturers_link_hides_controls_and_keeps_their_choices(visit):
    hidden = "network,explain,opacity,contrast,simam,picture,patch,fill,method,layer"
    page = visit(hide=hidden, network="mobilenetv3_simam.ferplus", opacity="20")
    assert {each.key for each in page.radio} == {"sample", "composite"}
    assert not page.selectbox and not page.slider and not page.toggle
    assert "MobileNetV1" not in [each.label for each in page.button]
    assert "Settings" not in [each.proto.popover.label for each in page.get("popover")]
    assert re.search("MobileNetV3-SimAM (reads this face as|says)", text(page)) and "opacity:0.20" in html(page)


def test_every_sample_of_the_gallery_gives_a_result(visit):
    page = visit()
    for group, samples in read_gallery().items():
        checked(page.radio(key="sample").set_value(group).run())
        for number in range(1, len(samples) + 1) if len(samples) > 1 else ():
            checked(page.radio(key="composite").set_value(str(number)).run())
            assert samples[number - 1].caption in said(page)
        assert "%" in headline(page)


def test_gates_have_this_pictures_scale_within_the_whole_range_or_one_for_all(visit):
    def scales(page: AppTest) -> list[tuple[str, str]]:
        gates = html(page).partition("own gates")[2]
        return re.findall(r'<div class="fs-ticks"><span>([^<]*)</span><span>[^<]*</span><span>([^<]*)</span>', gates)

    page = visit(network="MobileNetV3-SimAM")
    (low, high), whole = scales(page)
    assert 0.622 <= float(low) < float(high) < 1 and whole == ("0.622", "1.000")
    page.radio(key="contrast").set_value("same").run()
    assert scales(page) == [whole]
    page.radio(key="sample").set_value("anger").run()
    assert scales(page) == [whole]


def test_opacity_target_and_contrast_compute_nothing_again(visit, monkeypatch):
    page, calls = visit(), []
    monkeypatch.setattr(fer, "explain", lambda *args: calls.append(args))
    page.slider(key="opacity").set_value(10).run()
    page.radio(key="contrast").set_value("same").run()
    checked(page.selectbox(key="explain").set_value("anger").run())
    assert not calls and "Grad-CAM for anger" in html(page) and "opacity:0.10" in html(page)


def test_scores_and_papers_are_stated(visit):
    page = visit(network="A-MobileNet")
    stated = said(page)
    for part in ("Nan et al. 2022.", "81.2", "PublicTest, 3,199 faces", "majority", "95", "79.8", "82.5"):
        assert part in stated
    page.radio(key="network").set_value("mobilenetv3_simam.ferplus").run()
    stated = said(page)
    assert "Jiang et al. 2024." in stated and "Not scored" in stated and "based on improved MobileNetV3" in stated


def test_the_papers_networks_are_cards_and_a_variant_joins_them_while_it_is_chosen(visit):
    page = visit()
    assert page.radio(key="network").options == NAMES[:4]
    checked(button(page, "MobileNetV1").click().run())
    assert page.radio(key="network").value == "mobilenetv1.ferplus" and page.radio(key="network").options == NAMES
    assert "MobileNetV1" not in [each.label for each in page.button]
    checked(page.radio(key="network").set_value("a_mobilenet.ferplus").run())
    assert page.radio(key="network").options == NAMES[:4]


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


def test_links_to_other_pages_lack_what_could_not_be_had(visit):
    page = visit(sample="joy", opacity="20")
    links = [link.proto.query_string for link in page.get("page_link")]
    assert len(links) > 1 and set(links) == {"opacity=20"}


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


def test_a_damaged_checkpoint_is_a_sentence_and_another_can_be_chosen(tmp_path, only_checkpoints):
    weights = save(tmp_path, "mobilenetv3_cpsca")
    save(tmp_path, "a_mobilenet")
    weights.write_bytes(weights.read_bytes()[:1000])
    only_checkpoints(tmp_path)
    page = open_page(network="MobileNetV3-CPSCA")
    assert headline(page) == "This network cannot be loaded" and "cut short or damaged" in said(page)
    checked(page.radio(key="network").set_value("a_mobilenet.ferplus").run())
    assert "%" in headline(page)


def test_without_checkpoints_the_page_says_how_to_get_one(tmp_path, only_checkpoints):
    only_checkpoints(tmp_path)
    page = open_page()
    assert headline(page) == "No network yet" and "ferscope train" in said(page)


def test_new_weights_under_the_same_name_are_loaded(tmp_path, only_checkpoints, four_checkpoints, monkeypatch):
    for file in four_checkpoints.glob("a_mobilenet.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    only_checkpoints(tmp_path)
    looked, explain = [], fer.explain
    monkeypatch.setattr(fer, "explain", lambda classifier, crop: looked.append(classifier) or explain(classifier, crop))
    page = open_page()
    checked(page.run())
    assert len(looked) == 1
    save(tmp_path, "a_mobilenet")
    checked(page.run())
    assert len(looked) == 2 and looked[0] is not looked[1]


def test_a_covered_place_stands_in_the_link_and_every_part_of_the_page_follows(visit):
    plain, page = visit(sample="anger"), visit(sample="anger", cover="50,75", patch="40", fill="grey")
    assert shown_crop(page) != shown_crop(plain)
    assert "\N{RIGHTWARDS ARROW}" in html(page) and "\N{RIGHTWARDS ARROW}" not in html(plain)
    assert re.search("With the patch, A-MobileNet", html(page))

    def maps(page: AppTest) -> list[str]:
        return re.findall(r'<img[^>]*src="(data:image/png[^"]+)" alt="[^"]* places', html(page))

    assert len(maps(page)) == len(maps(plain)) == 2 + 4
    assert not set(maps(page)) & set(maps(plain))
    checked(button(page, "Take the patch away").click().run())
    assert maps(page) == maps(plain) and "cover" not in page.query_params


def test_what_the_patch_did_is_what_cover_says(visit, four_checkpoints):
    page = visit(sample="fear", network="mobilenetv3_cpsca.ferplus", cover="40,60", patch="30", fill="blur")
    crop = sample_crop(read_gallery()["fear"][0])
    box = np.array([25, 45, 55, 75]) * crop.shape[0] / 100
    found = fer.cover(
        fer.load_classifier(four_checkpoints / "mobilenetv3_cpsca.ferplus.safetensors"), crop, box, "blur"
    )
    row = re.search(r'<th scope="row">Fear.*?<td>(.*?)</td></tr>', html(page))[1]
    before, after = (float(number) for number in re.findall(r"(\d+\.\d)\D%", row))
    label = found.labels.index("fear")
    assert (before, after) == pytest.approx(100 * found.probabilities[:, label], abs=0.3)


@pytest.mark.parametrize("cover", ["140,20", "50", "a,b"])
def test_a_place_that_is_none_covers_nothing(visit, cover):
    page = visit(cover=cover)
    assert len(page.warning) == 1 and "cover" not in page.query_params and "With the patch" not in html(page)


def test_method_and_layer_are_chosen_under_the_map(visit):
    page = visit(method="hires-cam", layer="features.6")
    assert re.search(r'alt="HiResCAM for [a-z]+, at block 6, \d', html(page))
    checked(page.selectbox(key="method").set_value("input-x-gradient").run())
    assert re.search(r'alt="Input × gradient for [a-z]+, 48\s×\s48 places', html(page))
    assert "layer" not in {each.key for each in page.selectbox}
    checked(page.selectbox(key="method").set_value("grad-cam").run())
    assert page.selectbox(key="layer").value == "features.6"


def test_a_map_that_measured_best_says_over_how_many_faces_it_was_measured(visit, four_checkpoints, monkeypatch):
    layer = fer.load_classifier(four_checkpoints / "mobilenetv3_cpsca.ferplus.safetensors").layers[-1].name
    measured = SimpleNamespace(faces=500, split="PublicTest", best=SimpleNamespace(faces=100))
    monkeypatch.setattr(hero, "load_faithfulness", lambda name: measured)
    monkeypatch.setattr(hero, "best_map", lambda name: MapName("layer-cam", layer))
    link = {"network": "mobilenetv3_cpsca.ferplus", "layer": "last"}
    assert "over 100 faces of PublicTest" in said(visit(**link, method="layer-cam"))
    assert "measured best" not in said(visit(**link, method="grad-cam"))


def test_gates_stand_against_the_average_face_where_one_is_stored(visit):
    page = visit(contrast="average")
    assert "average" in page.warning[0].value and page.radio(key="contrast").value == "picture"
