"""Building blocks that several families share."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

NormLayer = Callable[[int], nn.Module]
ActLayer = Callable[[], nn.Module]


def batch_norm(eps: float = 1e-5, momentum: float = 0.1) -> NormLayer:
    """A batch norm factory with the family's constants."""
    return partial(nn.BatchNorm2d, eps=eps, momentum=momentum)


def conv_norm_act(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    norm_layer: NormLayer,
    act_layer: ActLayer | None,
) -> nn.Sequential:
    """Convolution without bias that keeps the side (up to its stride), norm and, unless None, activation."""
    padding = dilation * (kernel_size // 2)
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias=False)
    layers = [conv, norm_layer(out_channels)]
    if act_layer is not None:
        layers.append(act_layer())
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """expand -> depthwise -> attention -> project, plus a shortcut (Sandler et al. 2018, Howard et al. 2019).

    Args:
        expanded: width of the depthwise convolution; no expansion layer when it equals ``in_channels``.
        attention: built on ``expanded`` channels, between depthwise and projection, or None.
        shortcut: what is added to the main path: a module, or None for nothing.
    """

    def __init__(
        self,
        in_channels: int,
        expanded: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        norm_layer: NormLayer,
        act_layer: ActLayer,
        attention: nn.Module | None = None,
        shortcut: nn.Module | None = None,
    ):
        super().__init__()
        main: dict[str, nn.Module] = {}
        if expanded != in_channels:
            main["expand"] = conv_norm_act(in_channels, expanded, 1, norm_layer=norm_layer, act_layer=act_layer)
        main["depthwise"] = conv_norm_act(
            expanded, expanded, kernel_size, stride=stride, groups=expanded, norm_layer=norm_layer, act_layer=act_layer
        )
        if attention is not None:
            main["attention"] = attention
        main["project"] = conv_norm_act(expanded, out_channels, 1, norm_layer=norm_layer, act_layer=None)
        for name, module in main.items():
            self.add_module(name, module)
        self._order = tuple(main)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for name in self._order:
            y = self.get_submodule(name)(y)
        return y if self.shortcut is None else y + self.shortcut(x)
