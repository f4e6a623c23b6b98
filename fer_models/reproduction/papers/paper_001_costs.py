"""Paper 001, Jiang et al. 2024: Tables 1 and 2, whose numbers are costs and need no training."""

from collections.abc import Callable
from functools import partial

from fer_models.networks import find_variant
from fer_models.reproduction.costs import cost
from fer_models.reproduction.table import NOTHING, Cell, Computed, Row, Table

NETWORK, BASELINE = "mobilenetv3_simam", "mobilenetv3_large"
PAPER = f"001, {find_variant(NETWORK).authors}"
#: The five networks of Table 4, as the paper calls them.
ABLATIONS = (
    ("Base", BASELINE),
    ("First-conv", "mobilenetv3_first_conv"),
    ("Shortcut", "mobilenetv3_shortcut"),
    ("First-conv + shortcut", "mobilenetv3_first_conv_shortcut"),
    ("First-conv + shortcut + maxpool", "mobilenetv3_first_conv_shortcut_maxpool"),
)


def _weights(mechanism: str, *arguments: int) -> Cell:
    from fer_models import attention  # PyTorch comes when a table is filled, not with the list of tables

    count = sum(parameter.numel() for parameter in getattr(attention, mechanism)(*arguments).parameters())
    return Cell(f"{count:,}", count)


def _formula(count: float) -> Cell:
    return Cell(f"{count:,.0f}", count)


_WIDTHS = (72, 480, 960)  # channels of squeeze-and-excitation in MobileNetV3-large, smallest to largest
T1 = Table(
    "001-T1",
    PAPER,
    "Table 1: parameters of attention modules",
    ("formula", *(f"C = {width}" for width in _WIDTHS)),
    (
        Row(
            "SE, r = 4",
            (Cell("2C²/r"), *(_formula(2 * c * c / 4) for c in _WIDTHS)),
            (Cell("2Cs + s + C"), *(Computed(partial(_weights, "SqueezeExcite", c)) for c in _WIDTHS)),
        ),
        Row(
            "CBAM, r = 16, k = 7",
            (Cell("2C²/r + 2k²"), *(_formula(2 * c * c / 16 + 2 * 49) for c in _WIDTHS)),
            (Cell("2Cs + 2k²"), *(Computed(partial(_weights, "CBAM", c)) for c in _WIDTHS)),
        ),
        Row(
            "SimAM",
            (Cell("0", 0), *(_formula(0) for _ in _WIDTHS)),
            (Cell("0", 0), *(Computed(partial(_weights, "SimAM")) for _ in _WIDTHS)),
        ),
    ),
    "Paper: formulas only. Its columns with numbers are the formula's values; ours are counted in the built modules.",
    (
        "r is not printed: 4 for SE is MobileNetV3's, 16 for CBAM its authors'. s is the width of the middle layer: "
        "C/r, for SE rounded to a multiple of 8, for CBAM rounded down.",
        "The formula of SE has no biases; MobileNetV3's squeeze-and-excitation has them. That of CBAM leaves out the "
        "batch norm that the same table lists among its operators; ours has none.",
    ),
)


def _parameters(network: str) -> Cell:
    count = cost(network, 8).parameters
    return Cell(f"{count:,}", count)


def _macs(network: str) -> Cell:
    count = cost(network, 8).macs
    return Cell(f"{count / 1e6:,.0f} M", count)


def _against_base(count: Callable[[str], Cell], network: str) -> Cell:
    change = (count(network).value or 0) / (count(BASELINE).value or 1) - 1
    return Cell(f"{100 * change:+.0f} %" if change else NOTHING.text, change)


def _cost_row(label: str, network: str, claims: tuple[Cell, Cell] = (NOTHING, NOTHING)) -> Row:
    ours = (
        Computed(partial(_parameters, network)),
        Computed(partial(_macs, network)),
        Computed(partial(_against_base, _parameters, network)),
        Computed(partial(_against_base, _macs, network)),
    )
    return Row(label, (Cell("not given"), Cell("not given"), *claims), ours)


T2 = Table(
    "001-T2",
    PAPER,
    "Table 2: the improved network, its parameters and multiply-adds",
    ("parameters", "MACs", "parameters against base", "MACs against base"),
    (
        *(_cost_row(label, network) for label, network in ABLATIONS),
        _cost_row("Table 2 (+ SimAM, group norm)", NETWORK, (Cell("fewer"), Cell("no more"))),
    ),
    "Paper: layers only, no figure of cost anywhere. Ours: 8 labels, one picture of 224 x 224; MACs are multiply-adds "
    "of convolutions and linear layers.",
    (
        "'reduce the network parameters' holds against MobileNetV3-large; dilation 'without adding parameters and "
        "computational overhead' does not, because D(x) takes the place of an identity that costs nothing.",
        "Rows 13 and 14 contradict themselves: stride 1 before a row with half the side, then stride 2 before a row "
        "with the same side. Built with their strides and 'dilation = 2' exchanged, as in MobileNetV3-large.",
        "What 'dilation = 2' means in a bneck is in Figure 2 only (not readable). Built after the text: the shortcut "
        "of every stride-1 row is a full 3x3 convolution with dilation 2, a norm and a 3x3 max-pool, in place of the "
        "identity.",
        "The number of groups of group norm is not given: 8 divides every width of the table. The last layer is "
        "printed with 8 outputs, which FER2013 with its 7 labels does not have.",
    ),
)
