"""The papers' larger baselines: ResNet-18 and -50, VGG-16, and the plain CNN that paper 004 compares with."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from fer_models.networks.base import Network, init_weights
from fer_models.networks.blocks import batch_norm, conv_norm_act

_RELU = partial(nn.ReLU, inplace=True)


class Residual(nn.Module):
    """y = relu(main(x) + shortcut(x)) (He et al., CVPR 2016)."""

    def __init__(self, main: nn.Module, shortcut: nn.Module):
        super().__init__()
        self.main = main
        self.shortcut = shortcut
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.main(x) + self.shortcut(x))


def _residual(in_channels: int, width: int, stride: int, bottleneck: bool) -> Residual:
    conv = partial(conv_norm_act, norm_layer=batch_norm())
    out = 4 * width if bottleneck else width
    if bottleneck:
        main = nn.Sequential(
            conv(in_channels, width, 1, act_layer=_RELU),
            conv(width, width, 3, stride=stride, act_layer=_RELU),
            conv(width, out, 1, act_layer=None),
        )
    else:
        main = nn.Sequential(
            conv(in_channels, width, 3, stride=stride, act_layer=_RELU), conv(width, out, 3, act_layer=None)
        )
    same = stride == 1 and in_channels == out
    return Residual(main, nn.Identity() if same else conv(in_channels, out, 1, stride=stride, act_layer=None))


def resnet(num_classes: int, *, depths: tuple[int, ...], bottleneck: bool) -> Network:
    """A ResNet with the stride in the 3x3 convolution (the usual "v1.5")."""
    features = nn.Sequential(
        conv_norm_act(3, 64, 7, stride=2, norm_layer=batch_norm(), act_layer=_RELU), nn.MaxPool2d(3, 2, padding=1)
    )
    channels = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        for index in range(depth):
            features.append(_residual(channels, width, 2 if stage > 0 and index == 0 else 1, bottleneck))
            channels = 4 * width if bottleneck else width
    return _finish(features, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(channels, num_classes))


def _init_plain(network: Network) -> Network:
    """He-normal weights (fan in) before every ReLU: with no norm to restore it, a signal that shrinks stays small."""
    for module in (*network.features.modules(), *network.embedding.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    return network


def _plain_convolutions(widths: tuple[tuple[int, int], ...]) -> nn.Sequential:
    """(channels, how many 3x3 convolutions) a stage, each stage closed by a 2x2 max-pool; no norms."""
    features = nn.Sequential()
    channels = 3
    for width, count in widths:
        for _ in range(count):
            features.append(nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)))
            channels = width
        features.append(nn.MaxPool2d(2))
    return features


def vgg16(num_classes: int, *, dropout: float = 0.5) -> Network:
    """VGG-16 without norms (Simonyan and Zisserman 2015), its last map pooled to 7x7 so that any side fits."""
    features = _plain_convolutions(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)))
    embedding = nn.Sequential(
        nn.AdaptiveAvgPool2d(7),
        nn.Flatten(),
        nn.Linear(512 * 49, 4096),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(4096, 4096),
        nn.ReLU(),
    )
    return _init_plain(_finish(features, embedding, nn.Dropout(dropout), nn.Linear(4096, num_classes)))


def fer_cnn(num_classes: int, *, dropout: float = 0.5) -> Network:
    """Paper 004's "CNN, 15 M parameters", of which it prints no layers: a build that has 15.2 million."""
    features = _plain_convolutions(((64, 2), (128, 2), (256, 2), (512, 2)))
    embedding = nn.Sequential(
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(512 * 9, 2048),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(2048, 512),
        nn.ReLU(),
    )
    return _init_plain(_finish(features, embedding, nn.Dropout(dropout), nn.Linear(512, num_classes)))


def _finish(features: nn.Sequential, embedding: nn.Sequential, *classifier: nn.Module) -> Network:
    network = Network(features, embedding, nn.Sequential(*classifier), last_layer=f"features.{len(features) - 1}")
    init_weights(network)
    return network


VARIANTS: dict[str, Callable[..., Network]] = {
    "resnet18": partial(resnet, depths=(2, 2, 2, 2), bottleneck=False),
    "resnet50": partial(resnet, depths=(3, 4, 6, 3), bottleneck=True),
    "vgg16": vgg16,
    "fer_cnn": fer_cnn,
}
