"""The page "Recognise", run without a browser."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
from fer_models.evaluation.faithfulness import MapName
from tests.support.pages import checked, text
from tests.support.recognise_page import (
    button,
    headline,
    html,
    open_page,
    said,
    shown_crop,
)
from tests.webapp.conftest import save
from webapp.components.gallery import read_gallery
from webapp.components.samples import sample_crop
from webapp.views.recognise import hero

NAMES = ["MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention", "MobileNetV1"]


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


def test_links_to_other_pages_lack_what_could_not_be_had(visit):
    page = visit(sample="joy", opacity="20")
    links = [link.proto.query_string for link in page.get("page_link")]
    assert len(links) > 1 and set(links) == {"opacity=20"}


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
    row = re.search(r'<th scope="row"><span>Fear.*?<td>(.*?)</td></tr>', html(page))[1]
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


def test_what_was_measured_of_other_weights_or_is_damaged_spoils_nothing(visit, four_checkpoints):
    for kind in ("faithfulness", "regions", "surgery"):
        (four_checkpoints / f"mobilenetv3_cpsca.ferplus.{kind}.json").write_text("{}")
    try:
        page = visit(network="mobilenetv3_cpsca.ferplus")
        assert not page.error and "MobileNetV3-CPSCA" in html(page) and 'alt="Grad-CAM for' in html(page)
    finally:
        for kind in ("faithfulness", "regions", "surgery"):
            (four_checkpoints / f"mobilenetv3_cpsca.ferplus.{kind}.json").unlink()


def test_gates_stand_against_the_average_face_where_one_is_stored(visit):
    page = visit(contrast="average")
    assert "average" in page.warning[0].value and page.radio(key="contrast").value == "picture"
