"""Names of checkpoints as visitors read them and as links of before hold them, and what the page says of a card."""

from fer_models.card import TrainingData
from tests.conftest import make_network
from webapp.wording import card_text, in_papers_order, network_name


def test_names_that_links_of_before_hold_stay():
    assert network_name("mobilenetv3_simam.ferplus") == "MobileNetV3-SimAM"
    assert network_name("mobilenetv3_cpsca.ferplus") == "MobileNetV3-CPSCA"
    assert network_name("a_mobilenet.ferplus") == "A-MobileNet"
    assert network_name("efficientnet_b0_attention.ferplus") == "EfficientNet-B0-attention"
    assert network_name("mobilenetv3_maxca.ferplus") == "MobileNetV3-MAXCA"
    assert network_name("vgg16.raf-db") == "VGG-16 (RAF-DB)"
    assert network_name("mobilenetv3_simam.fer2013") == "MobileNetV3-SimAM (FER2013)"


def test_a_checkpoint_of_someone_elses_keeps_its_name():
    assert network_name("a_mobilenet.mine") == "a_mobilenet.mine"
    assert network_name("somebody_s.ferplus") == "somebody_s.ferplus"


def test_the_papers_networks_come_first_then_relatives_then_other_labels_then_the_rest():
    ordered = [
        "mobilenetv3_simam.ferplus",
        "mobilenetv3_cpsca.ferplus",
        "a_mobilenet.ferplus",
        "efficientnet_b0_attention.ferplus",
        "mobilenetv3_ca.ferplus",
        "mobilenetv3_simam.fer2013",
        "efficientnet_b0_attention.fer2013",
        "a_mobilenet.mine",
        "own",
    ]
    assert in_papers_order(sorted(ordered)) == ordered == in_papers_order(ordered[::-1])


def test_the_card_says_by_which_labels_it_was_trained_and_scored_and_who_taught_it():
    data = TrainingData(dataset="Faces, votes", label_rule="ferplus-majority", rows=1_200, leaked_rows_left_out=3)
    card = make_network("mobilenetv3_small")[1].model_copy(update={"data": data})
    said = card_text(card).replace("\\", "")
    labels = "1,200 faces (Faces, votes), labelled by: FERPlus, majority of the votes (ferplus-majority)"
    assert f"{labels}; 3 that repeat a test picture were left out" in said and "taught" not in said
    recipe = {"label_rule": "raf-db", "teachers": ["a.one", "b.two"]}
    said = card_text(card.model_copy(update={"recipe": recipe})).replace("\\", "")
    assert f"{labels}; another rule than the one it is scored by; 3 that" in said
    assert "from scratch; taught by a.one and b.two" in said
