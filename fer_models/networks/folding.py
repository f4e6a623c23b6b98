"""Folding batch norms into the convolutions before them, for serving."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fer_models.networks.base import Network


def fold_batch_norms(network: Network) -> Network:
    """Fold, in place, every batch norm that directly follows a convolution; module names stay as they were.

    Gates, feature maps and logits stay the same up to rounding. Raises ValueError for a network in training mode, whose
    batch norms still change.
    """
    if network.training:
        raise ValueError("Only a network in eval mode can be folded.")
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for index in range(len(sequence) - 1):
            conv, norm = sequence[index], sequence[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                sequence[index] = fuse_conv_bn_eval(conv, norm)
                sequence[index + 1] = nn.Identity()
    return network
