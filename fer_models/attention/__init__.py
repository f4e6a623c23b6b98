"""Attention mechanisms, one file each. Every one is a gate: its output is its input times its gates."""

from fer_models.attention.cbam import CBAM, ChannelGate, SpatialGate
from fer_models.attention.coordinate import CoordinateAttention
from fer_models.attention.gate import KINDS, Gate, GateKind, gate_values, name_gates, reading, surgery
from fer_models.attention.pointwise import PointwiseGate
from fer_models.attention.simam import SimAM
from fer_models.attention.squeeze_excite import SqueezeExcite

__all__ = [
    "CBAM",
    "KINDS",
    "ChannelGate",
    "CoordinateAttention",
    "Gate",
    "GateKind",
    "PointwiseGate",
    "SimAM",
    "SpatialGate",
    "SqueezeExcite",
    "gate_values",
    "name_gates",
    "reading",
    "surgery",
]
