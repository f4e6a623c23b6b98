"""dlib's face recogniser as a teacher: a ResNet of 27 convolutions without norms.

Source: ``dlib_face_recognition_resnet_model_v1`` (King, 2017, dlib.net), whose 29 convolutions follow He et al.,
"Deep residual learning for image recognition". Its last block is left out: at 112 px it sees one place. What differs
from other ResNets: a shortcut is never a convolution, and where a side is halved nothing is padded.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from fer_models.networks.base import Network, init_weights

#: (channels, blocks) of each stage; from the second on its first block halves the side.
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3))


class DlibResidual(nn.Module):
    """y = relu(conv2(relu(conv1(x))) + x), the smaller of the two padded with zeros below, right and in channels.

    A block that halves strides in conv1, which then pads nothing, and takes the mean of 2 x 2 places of x. Maps of two
    places, which pictures below 64 px have in the end, are padded to three for it.
    """

    def __init__(self, in_channels: int, channels: int, *, halves: bool):
        super().__init__()
        self.halves = halves
        stride, padding = (2, 0) if halves else (1, 1)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.conv1(_padded(x, (0, 3, 3)) if self.halves else x)))
        if self.halves:
            x = F.avg_pool2d(x, 2)
        return F.relu(_padded(x, y.shape[1:]) + _padded(y, x.shape[1:]))


def _padded(x: Tensor, least: Sequence[int]) -> Tensor:
    """(N, c, h, w) with zeros behind, so that c, h and w are at least as large as ``least`` says."""
    channels, height, width = (max(wanted - now, 0) for wanted, now in zip(least, x.shape[1:], strict=True))
    return F.pad(x, (0, width, 0, height, 0, channels)) if channels or height or width else x


def dlib_resnet(num_classes: int, *, dropout: float = 0.3) -> Network:
    """4.4 million parameters."""
    features = nn.Sequential(nn.Sequential(nn.Conv2d(3, 32, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)))
    channels = 32
    for stage, (width, blocks) in enumerate(STAGES):
        for index in range(blocks):
            features.append(DlibResidual(channels, width, halves=stage > 0 and index == 0))
            channels = width
    embedding = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(channels))
    classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(channels, num_classes))
    network = Network(features, embedding, classifier, last_layer=f"features.{len(features) - 1}")
    init_weights(network)
    return network


VARIANTS: dict[str, Callable[..., Network]] = {"dlib_resnet": dlib_resnet}
