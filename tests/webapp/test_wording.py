"""Names of checkpoints as visitors read them and as links carry them."""

from webapp.wording import in_papers_order, network_name


def test_names_in_links_stay():
    assert network_name("mobilenetv3_simam.ferplus") == "MobileNetV3-SimAM"
    assert network_name("mobilenetv3_cpsca.ferplus") == "MobileNetV3-CPSCA"
    assert network_name("a_mobilenet.ferplus") == "A-MobileNet"
    assert network_name("efficientnet_b0_attention.ferplus") == "EfficientNet-B0-attention"
    assert network_name("mobilenetv3_maxca.ferplus") == "MobileNetV3-MAXCA"
    assert network_name("mobilenetv3_simam.fer2013") == "MobileNetV3-SimAM, labels of FER2013"


def test_a_checkpoint_of_someone_elses_keeps_its_name():
    assert network_name("a_mobilenet.mine") == "a_mobilenet.mine"
    assert network_name("vgg16.ferplus") == "vgg16.ferplus"


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
