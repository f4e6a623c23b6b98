"""What every network has in common: features, embedding, classifier."""

from typing import cast

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """A classifier in three parts, so that explanations and losses can stop between them.

    - ``features``: images (N, 3, H, W) -> last feature map (N, C, h, w), the tensor that enters global pooling;
    - ``embedding``: feature map -> vector (N, D) before dropout, which centre loss pulls on;
    - ``classifier``: vector -> logits (N, K), dropout included; its last module is the linear layer.

    ``last_layer`` is the dotted name of the module whose output is the last feature map.
    """

    def __init__(self, features: nn.Sequential, embedding: nn.Sequential, classifier: nn.Sequential, last_layer: str):
        super().__init__()
        self.features = features
        self.embedding = embedding
        self.classifier = classifier
        self.last_layer = last_layer

    @property
    def num_classes(self) -> int:
        """K, the number of logits."""
        return cast(nn.Linear, self.classifier[-1]).out_features

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))

    def head(self, feature_map: Tensor) -> Tensor:
        """Logits (N, K) of feature maps (N, C, h, w): all that comes after the last feature map."""
        return self.classifier(self.embedding(feature_map))


def init_weights(network: nn.Module) -> None:
    """He-normal convolutions (fan out), small normal linear layers, zero biases; norms stay as they were built."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(module.bias)


def channels_last(network: Network) -> Network:
    """Store convolution weights in channels-last order, in place: faster on CPUs and on CUDA."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
