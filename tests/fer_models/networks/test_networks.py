"""Parameters and MACs of every variant as docs/papers.md has them, and what all networks promise."""

import re
from importlib import import_module

import pytest
import torch
from torch import nn

from fer_models.attention.squeeze_excite import make_divisible
from fer_models.explanation import read_gates
from fer_models.networks import (
    PAPER_NETWORKS,
    UnknownNetworkError,
    create_network,
    find_variant,
    list_networks,
    network_cost,
)
from fer_models.networks.folding import fold_batch_norms
from fer_models.networks.registry import TEACHERS

PARAMETERS_8 = {
    "mobilenetv3_simam": 3_567_152,
    "mobilenetv3_cpsca": 1_297_733,
    "a_mobilenet": 3_420_368,
    "mobilenetv3_large": 4_212_280,
    "mobilenetv3_small": 1_526_056,
    "mobilenetv2": 2_234_120,
    "mobilenetv1": 3_215_176,
    "mobilenetv3_first_conv": 4_212_280,
    "mobilenetv3_shortcut": 5_077_512,
    "mobilenetv3_first_conv_shortcut": 5_077_512,
    "mobilenetv3_first_conv_shortcut_maxpool": 5_077_512,
    "mobilenetv3_narrow": 1_933_480,
    "mobilenetv3_narrow_hswish": 1_933_480,
    "mobilenetv3_no_middle_attention": 1_288_117,
    "mobilenetv3_ca": 1_297_733,
    "mobilenetv3_maxca": 1_297_733,
    "efficientnet_b0": 4_017_796,
    "efficientnet_b0_cbam7x7": 4_017_894,
    "fer_cnn": 15_177_800,
    "resnet18": 11_180_616,
    "resnet50": 23_524_424,
    "vgg16": 134_293_320,
    "dlib_resnet": 4_397_128,
    "efficientnet_lite2": 4_821_320,
}
PARAMETERS_7 = {
    "mobilenetv3_simam": 3_565_871,
    "mobilenetv3_cpsca": 1_297_092,
    "a_mobilenet": 3_419_343,
    "efficientnet_b0_attention": 6_438_787,
    "mobilenetv3_narrow": 1_932_839,
}
MILLION_MACS = dict(zip(PAPER_NETWORKS, (376, 183, 568, 466), strict=True)) | {"mobilenetv3_large": 215}
EVERY = [*list_networks(), *TEACHERS]
SMALL = [name for name in EVERY if name not in ("vgg16", "fer_cnn", "resnet50")]


def test_every_variant_is_counted():
    assert set(list_networks()) | TEACHERS.keys() == {*PARAMETERS_8, "efficientnet_b0_attention"}
    assert not TEACHERS.keys() & set(list_networks())
    assert list_networks()[:4] == list(PAPER_NETWORKS)
    assert [find_variant(name).authors for name in PAPER_NETWORKS] == [
        "Jiang et al. 2024",
        "Liang et al. 2023",
        "Nan et al. 2022",
        "Kausar et al.",
    ]


@pytest.mark.parametrize("family", ["mobilenetv3", "mobilenetv1", "mobilenetv2", "efficientnet", "classic", "dlib"])
def test_every_builder_of_a_family_is_registered(family):
    registered = {name for name in EVERY if find_variant(name).family == family}
    assert registered == set(import_module(f"fer_models.networks.{family}").VARIANTS)


def test_every_variant_has_a_title_of_its_own_a_line_and_its_paper():
    variants = [find_variant(name) for name in EVERY]
    assert len({variant.title for variant in variants}) == len(variants)
    assert len({variant.summary for variant in variants}) == len(variants)
    for variant in variants:
        assert re.match(r"[A-Z].+\.$", variant.summary) and len(variant.summary) < 110
        assert re.match(r"\w+( et al\.| and \w+)?( \d{4})?, [A-Z].+[a-z]", variant.paper)


@pytest.mark.parametrize(("name", "count"), PARAMETERS_8.items())
def test_parameters_for_eight_labels(name, count):
    assert network_cost(name, 8).parameters == count


@pytest.mark.parametrize(("name", "count"), PARAMETERS_7.items())
def test_parameters_for_seven_labels(name, count):
    network = create_network(name, 7)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == count


@pytest.mark.parametrize(("name", "millions"), MILLION_MACS.items())
def test_macs_at_224(name, millions):
    assert round(network_cost(name).macs / 1e6) == millions


def test_options_of_paper_001_and_003():
    depthwise = create_network("mobilenetv3_simam", 8, shortcut_conv="depthwise")
    assert sum(p.numel() for p in depthwise.parameters()) == 2_720_696
    everywhere = create_network("a_mobilenet", 8, linear_dw="all")
    assert sum(isinstance(m, nn.ReLU6) for m in everywhere.modules()) == 14
    assert sum(isinstance(m, nn.ReLU6) for m in create_network("a_mobilenet", 8).modules()) == 23


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("side", [48, 75])
def test_any_side_gives_logits_and_names_the_last_map(name, side):
    network = create_network(name, 5).eval()
    seen = []
    handle = network.get_submodule(network.last_layer).register_forward_hook(lambda *call: seen.append(call[2]))
    with torch.no_grad():
        images = torch.randn(2, 3, side, side)
        logits, feature_map = network(images), network.features(images)
        handle.remove()
        assert torch.equal(network.head(feature_map), logits)
    assert logits.shape == (2, 5) and torch.isfinite(logits).all()
    assert torch.equal(seen[0], feature_map)
    assert network.num_classes == 5


@pytest.mark.parametrize("name", PAPER_NETWORKS)
def test_side_512(name):
    with torch.no_grad():
        assert create_network(name, 8).eval()(torch.randn(1, 3, 512, 512)).shape == (1, 8)


@pytest.mark.parametrize("name", PAPER_NETWORKS)
def test_gates_carry_their_layer_names(name):
    network = create_network(name, 8).eval()
    with torch.no_grad(), read_gates() as gates:
        network(torch.randn(1, 3, 64, 64))
    modules = dict(network.named_modules())
    assert gates and all(gate.layer in modules for gate in gates)
    kinds = {gate.kind for gate in gates}
    assert (
        kinds
        == {
            "mobilenetv3_simam": {"simam"},
            "mobilenetv3_cpsca": {"se", "ca_h", "ca_w"},
            "a_mobilenet": {"channel", "spatial"},
            "efficientnet_b0_attention": {"se", "pointwise"},
        }[name]
    )


def test_attention_sits_where_the_tables_say():
    simam = create_network("mobilenetv3_simam", 8)
    assert [g.layer_name for g in simam.modules() if getattr(g, "layer_name", "")] == [
        f"features.{row}.attention" for row in (4, 5, 6, 11, 12, 13, 14, 15)
    ]
    cpsca = create_network("mobilenetv3_cpsca", 8)
    pools = {name: m.pool for name, m in cpsca.named_modules() if hasattr(m, "pool")}
    assert pools == {
        f"features.{r}.attention": "complementary" if r < 11 else "avg" for r in (9, 10, 11, 12, 13, 14, 15)
    }


@pytest.mark.parametrize("name", SMALL)
def test_folding_changes_nothing_but_rounding(name):
    torch.manual_seed(1)
    network = create_network(name, 8)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    network.eval().double()
    images = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        before = network(images)
        norms = sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())
        after = fold_batch_norms(network)(images)
    torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)
    folded = norms - sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    assert folded > 10 or name in ("mobilenetv3_simam", "dlib_resnet")


def test_folding_refuses_a_network_in_training():
    with pytest.raises(ValueError, match="eval mode"):
        fold_batch_norms(create_network("mobilenetv1", 8))


def test_unknown_names_and_options():
    with pytest.raises(UnknownNetworkError, match="Did you mean 'a_mobilenet'"):
        create_network("a_mobilnet")
    with pytest.raises(ValueError, match="at least two classes"):
        create_network("a_mobilenet", num_classes=1)
    with pytest.raises(ValueError, match="cannot be built"):
        create_network("a_mobilenet", dropuot=0.1)
    for name, option in {
        "a_mobilenet": {"linear_dw": "none"},
        "mobilenetv3_simam": {"shortcut_conv": "fulll"},
        "mobilenetv3_large": {"shortcut": "dilation"},
        "mobilenetv3_cpsca": {"middle": "X"},
        "efficientnet_b0": {"attention": "cbam"},
        "mobilenetv3_small": {"last_channels": -1},
        "mobilenetv3_first_conv": {"embedding": 10**13},
    }.items():
        with pytest.raises(ValueError, match="cannot be built"):
            create_network(name, **option)


@pytest.mark.parametrize(("value", "expected"), [(18, 24), (30, 32), (168, 168), (3, 8), (120, 120), (100, 104)])
def test_make_divisible(value, expected):
    assert make_divisible(value) == expected
