"""ACT, Action Chunking with Transformers: the model of Zhao et al. 2023 (arXiv 2304.13705).

Joints and pictures of now become the next k actions. A CVAE encoder, in training only, compresses
the demonstrated actions into a style z; a transformer encoder joins z, joints and pictures; a
transformer decoder has one query per action.

Shapes: B batch, N cameras, H, W picture, h, w its feature map, k chunk, D joints, d hidden,
L = 2 + N h w tokens. Joints and actions are normalised (`act.data.stats`). Runs under autocast:
matrices and convolutions in its type; the residual stream, norms, posterior, actions, loss in
float32.
"""

import copy
import math
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from act.checkpoints.config_json import checked
from act.config import ModelConfig
from act.errors import ConfigError

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)  # RGB, of pixels as 0..1
IMAGENET_STD: Final = (0.229, 0.224, 0.225)
NORM_EPS: Final = 1e-5  # of every norm, as torch and torchvision have it


class Prediction(NamedTuple):
    """Actions (B, k, D); mean and log variance (B, latent) of z, where there was a posterior."""

    actions: Tensor
    mu: Tensor | None
    logvar: Tensor | None


class Losses(NamedTuple):
    """Scalars; total = reconstruction + kl_weight * kl."""

    total: Tensor
    reconstruction: Tensor
    kl: Tensor


class Attention(nn.Module):
    """Multi-head attention, batch first, with the parameters of `nn.MultiheadAttention`."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * hidden, hidden))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * hidden))
        self.out_proj = nn.Linear(hidden, hidden)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self, query: Tensor, key: Tensor | None, value: Tensor, keep: Tensor | None = None
    ) -> Tensor:
        """(B, Lq, d) from queries (B, Lq, d), keys and values (B, Lk, d).

        `key` None: the queries are the keys too. `keep` (B, 1, 1, Lk): False hides a key.
        """
        d, weight, bias = value.shape[-1], self.in_proj_weight, self.in_proj_bias
        if key is None:
            q, k = functional.linear(query, weight[: 2 * d], bias[: 2 * d]).chunk(2, -1)
        else:
            q = functional.linear(query, weight[:d], bias[:d])
            k = functional.linear(key, weight[d : 2 * d], bias[d : 2 * d])
        v = functional.linear(value, weight[2 * d :], bias[2 * d :])
        q, k, v = (x.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for x in (q, k, v))
        answer: Tensor = self.out_proj(self.attend(q, k, v, keep).transpose(1, 2).flatten(2))
        return answer

    def attend(self, q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None) -> Tensor:
        """softmax(q k^T / sqrt(d / heads)) v, each (B, heads, L, d / heads).

        Written out for training on a CPU, where the fused kernel's backward is the slower one.
        """
        dropout = self.dropout if self.training else 0.0
        if v.is_cuda or not torch.is_grad_enabled():
            return functional.scaled_dot_product_attention(q, k, v, keep, dropout)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        if keep is not None:
            scores = scores.masked_fill(~keep, -math.inf)
        return functional.dropout(scores.softmax(-1), dropout) @ v


class EncoderLayer(nn.Module):
    """Self-attention, whose queries and keys know positions, and a feed-forward net; norms last."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d, wide = config.hidden, config.feedforward
        self.self_attn = Attention(d, config.heads, config.dropout)
        self.linear1, self.linear2 = nn.Linear(d, wide), nn.Linear(wide, d)
        self.norm1, self.norm2 = nn.LayerNorm(d, NORM_EPS), nn.LayerNorm(d, NORM_EPS)
        self.drop = nn.Dropout(config.dropout)

    def feed(self, x: Tensor) -> Tensor:
        """The feed-forward net."""
        x = self.linear2(self.drop(self.linear1(x).relu()))
        return x

    def forward(self, x: Tensor, positions: Tensor, keep: Tensor | None) -> Tensor:
        """(B, L, d) to the same; `keep` as in `Attention`."""
        x = self.norm1(x + self.drop(self.self_attn(x + positions, None, x, keep)))
        x = self.norm2(x + self.drop(self.feed(x)))
        return x


class DecoderLayer(EncoderLayer):
    """The same, with attention to the encoder's tokens in between."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.multihead_attn = Attention(config.hidden, config.heads, config.dropout)
        self.norm3 = nn.LayerNorm(config.hidden, NORM_EPS)

    def forward(  # type: ignore[override]
        self, x: Tensor, queries: Tensor, keys: Tensor, memory: Tensor, keep: Tensor | None
    ) -> Tensor:
        """(B, k, d) to the same; `keys` are the tokens `memory` (B, L, d) with their positions."""
        x = self.norm1(x + self.drop(self.self_attn(x + queries, None, x)))
        x = self.norm2(x + self.drop(self.multihead_attn(x + queries, keys, memory, keep)))
        x = self.norm3(x + self.drop(self.feed(x)))
        return x


def sinusoid(places: Tensor, channels: int) -> Tensor:
    """(n, channels) of places (n,): sine and cosine in turn, ever slower, down to 1/10000."""
    rate = 10000.0 ** (-2 * (torch.arange(channels) // 2).double() / channels)
    angles = places.double()[:, None] * rate
    return torch.stack([angles[:, 0::2].sin(), angles[:, 1::2].cos()], -1).flatten(1).float()


def places_2d(height: int, width: int, channels: int) -> Tensor:
    """(h w, channels): half of them say the row, half the column, each as 0..2 pi, as DETR does."""
    y, x = (torch.arange(1, n + 1) / (n + 1e-6) * 2 * math.pi for n in (height, width))
    rows = sinusoid(y, channels // 2)[:, None].expand(-1, width, -1)
    columns = sinusoid(x, channels // 2)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], -1).flatten(0, 1)


class FrozenBatchNorm(nn.Module):
    """Batch norm whose numbers are all constant, as they were pretrained."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Buffer(torch.ones(channels)), nn.Buffer(torch.zeros(channels))
        self.running_mean = nn.Buffer(torch.zeros(channels))
        self.running_var = nn.Buffer(torch.ones(channels))


def scale_and_shift(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """What a batch norm, frozen or in eval mode, multiplies with and adds, each (channels,)."""
    scale = norm.weight * torch.rsqrt(norm.running_var + NORM_EPS)  # type: ignore
    return scale, norm.bias - norm.running_mean * scale  # type: ignore


def convolve(conv: nn.Conv2d, norm: nn.Module, x: Tensor) -> Tensor:
    """Convolution and norm. A frozen norm goes into the kernel, and costs nothing."""
    if isinstance(norm, FrozenBatchNorm):
        scale, shift = scale_and_shift(norm)
        kernel = conv.weight * scale[:, None, None, None]
        return functional.conv2d(x, kernel, shift, conv.stride, conv.padding)
    x = norm(conv(x))
    return x


class Block(nn.Module):
    """A residual block of two convolutions, by torchvision's names."""

    def __init__(self, inputs: int, outputs: int, norm: type[nn.Module]) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = norm(outputs)
        if stride == 2:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, norm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h, w), or half of each."""
        y = convolve(self.conv2, self.bn2, convolve(self.conv1, self.bn1, x).relu_())
        if self.conv1.stride == (2, 2):
            x = convolve(self.downsample[0], self.downsample[1], x)  # type: ignore[arg-type]
        return (y + x).relu_()


class Backbone(nn.Sequential):
    """Pictures (B, 3, H, W) to features (B, channels, h, w): ResNet-18, or three blocks of it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        resnet = config.backbone == "resnet18"
        norm = FrozenBatchNorm if config.backbone_norm == "frozen" else nn.BatchNorm2d
        width, kernel = (64, 7) if resnet else (config.backbone_width, 5)
        self.conv1 = nn.Conv2d(3, width, kernel, 2, kernel // 2, bias=False)
        self.bn1 = norm(width)
        self.pool = nn.MaxPool2d(3, 2, 1) if resnet else nn.Identity()
        widths = [width] * resnet + [2 * width, 4 * width, 8 * width]
        for number, outputs in enumerate(widths, 1):
            more = [Block(outputs, outputs, norm)] * resnet
            self.add_module(f"layer{number}", nn.Sequential(Block(width, outputs, norm), *more))
            width = outputs
        self.channels, self.shrinks = width, 32 if resnet else 16

    def forward(self, x: Tensor) -> Tensor:
        """Stem, then layer1, layer2, ..."""
        x = self.pool(convolve(self.conv1, self.bn1, x).relu_())
        for layer in list(self)[3:]:
            x = layer(x)
        return x


class Posterior(nn.Module):
    """The CVAE's encoder: which style z explains these actions?"""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d = config.hidden
        self.cls = nn.Parameter(torch.randn(1, d))
        self.joints, self.actions = nn.Linear(config.state_dim, d), nn.Linear(config.action_dim, d)
        self.positions = nn.Buffer(sinusoid(torch.arange(config.chunk + 2), d)[None])
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.vae_layers))
        self.head = nn.Linear(d, 2 * config.latent)

    def forward(self, qpos: Tensor, actions: Tensor, is_pad: Tensor | None) -> list[Tensor]:
        """Mean and log variance of z, each (B, latent)."""
        cls = self.cls.expand(len(qpos), -1, -1)
        x = torch.cat([cls, self.joints(qpos)[:, None], self.actions(actions)], 1).float()
        keep = None if is_pad is None else with_two_more(~is_pad)
        for layer in self.layers:
            x = layer(x, self.positions, keep)
        return list(in_float32(self.head, x[:, 0]).chunk(2, -1))


def with_two_more(keep: Tensor) -> Tensor:
    """What to keep (B, n) as `Attention` wants it (B, 1, 1, 2 + n), with two tokens in front."""
    return functional.pad(keep, (2, 0), value=True)[:, None, None]


def in_float32(layer: nn.Module, x: Tensor) -> Tensor:
    """The answer of a layer that no autocast may make coarser."""
    with torch.autocast(x.device.type, enabled=False):
        x = layer(x.float())
    return x


class ACT(nn.Module):
    """The whole.

    Raises:
        ConfigError: sizes that make no sense, or do not go together.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = checked(config)
        d = config.hidden
        self.vae = Posterior(config) if config.vae else None
        self.latent_projection = nn.Linear(config.latent, d)
        self.joints_projection = nn.Linear(config.state_dim, d)
        self.token_positions = nn.Parameter(torch.randn(2, d))  # of z and of the joints
        self.backbone = Backbone(config)
        self.image_projection = nn.Conv2d(self.backbone.channels, d, 1)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.decoder_norm = nn.LayerNorm(d, NORM_EPS)
        if config.queries == "learned":
            self.queries: Tensor = nn.Parameter(torch.randn(config.chunk, d))
        else:
            self.queries = nn.Buffer(sinusoid(torch.arange(config.chunk), d), persistent=False)
        self.action_head = nn.Linear(d, config.action_dim)
        self.pad_head = nn.Linear(d, 1) if config.pad_head else None
        # The reference answers with its first layer: what the others say is lost.
        self.layers_heard = 1 if config.decoder_output == "first" else config.decoder_layers
        self._add_constants()
        self._start()

    def _add_constants(self) -> None:
        config, shrinks = self.config, self.backbone.shrinks
        h, w = math.ceil(config.image_height / shrinks), math.ceil(config.image_width / shrinks)
        places = places_2d(h, w, config.hidden).repeat(len(config.cameras), 1)
        self.image_positions = nn.Buffer(places, persistent=False)
        mean, std = (torch.tensor(x)[:, None, None] for x in (IMAGENET_MEAN, IMAGENET_STD))
        self.image_scale = nn.Buffer(1 / (255 * std), persistent=False)
        self.image_shift = nn.Buffer(-mean / std, persistent=False)

    def _start(self) -> None:
        """Initial weights as the reference's. What has no part in the answer is not trained."""
        for each in [*self.encoder.parameters(), *self.decoder.parameters()]:
            if each.dim() > 1:
                nn.init.xavier_uniform_(each)
        self.decoder[self.layers_heard :].requires_grad_(False)
        if self.pad_head is not None:
            self.pad_head.requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        """Tokens (B, N h w, d) of pictures (B, N, H, W, 3), RGB uint8, of all cameras at once."""
        size = (self.config.image_height, self.config.image_width, 3)
        if images.shape[2:] != size:
            raise ConfigError(f"The pictures are {tuple(images.shape[2:])} and must be {size}.")
        pixels = images.flatten(0, 1).permute(0, 3, 1, 2).float()  # in memory: channels last
        pixels = torch.addcmul(self.image_shift, pixels, self.image_scale)
        maps: Tensor = self.image_projection(self.backbone(pixels))
        return maps.flatten(2).transpose(1, 2).reshape(len(images), -1, self.config.hidden)

    def forward(
        self,
        qpos: Tensor,
        images: Tensor,
        actions: Tensor | None = None,
        is_pad: Tensor | None = None,
        *,
        eps: Tensor | None = None,
        camera_mask: Tensor | None = None,
    ) -> Prediction:
        """The actions after joints (B, D) and pictures (B, N, H, W, 3) uint8.

        With `actions` (B, k, D) and `is_pad` (B, k), z = mu + sigma * eps, whose eps (B, latent) is
        drawn where it is not given; without, z = 0. `camera_mask` (B, N): False: no such picture.
        """
        mu = logvar = keep = None
        z = qpos.new_zeros(len(qpos), self.config.latent)
        if self.vae is not None and actions is not None:
            mu, logvar = self.vae(qpos, actions, is_pad)
            z = mu + (logvar / 2).exp() * (torch.randn_like(mu) if eps is None else eps)
        seen = self.features(images)
        if camera_mask is not None:
            each = seen.shape[1] // camera_mask.shape[1]
            keep = with_two_more(camera_mask.repeat_interleave(each, 1))
        others = [self.latent_projection(z)[:, None], self.joints_projection(qpos)[:, None]]
        memory = torch.cat([*others, seen], 1).float()
        positions = torch.cat([self.token_positions, self.image_positions])
        for layer in self.encoder:
            memory = layer(memory, positions, keep)
        return Prediction(self.decode(memory, positions, keep), mu, logvar)

    def decode(self, memory: Tensor, positions: Tensor, keep: Tensor | None) -> Tensor:
        """Actions (B, k, D) from the encoder's tokens (B, L, d)."""
        x = memory.new_zeros(len(memory), self.config.chunk, self.config.hidden)
        keys = memory + positions
        for layer in self.decoder[: self.layers_heard]:
            x = layer(x, self.queries, keys, memory, keep)
        return in_float32(self.action_head, self.decoder_norm(x))

    def for_inference(self, dtype: torch.dtype = torch.float32) -> "ACT":
        """A copy that only predicts: norms folded into kernels, matrices kept in `dtype`.

        If that is not float32, it is to be called under autocast of it.
        """
        model = copy.deepcopy(self).eval().requires_grad_(False)
        for part in list(model.modules()):
            fold(part)
        for part in model.modules():
            if isinstance(part, nn.Conv2d | Attention):
                part.to(dtype)
            elif isinstance(part, EncoderLayer):
                for linear in (part.linear1, part.linear2):
                    linear.to(dtype)
        return model


def fold(part: nn.Module) -> None:
    """Let the convolutions of a part do what the norms after them did."""
    for conv_name, norm_name in (("conv1", "bn1"), ("conv2", "bn2"), ("0", "1")):
        conv, norm = getattr(part, conv_name, None), getattr(part, norm_name, None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, FrozenBatchNorm | nn.BatchNorm2d):
            scale, shift = scale_and_shift(norm)
            conv.weight = nn.Parameter(conv.weight * scale[:, None, None, None], False)
            conv.bias = nn.Parameter(shift, False)
            setattr(part, norm_name, nn.Identity())


def loss(
    prediction: Prediction,
    actions: Tensor,
    is_pad: Tensor,
    *,
    kind: Literal["l1", "l2"],
    mean: Literal["valid", "all"],
    kl_weight: float,
) -> Losses:
    """Reconstruction and, where there is a posterior, its divergence from N(0, 1), in float32.

    Padding, `is_pad` (B, k), is no error; "all" counts it in the mean all the same.
    """
    error = prediction.actions.float() - actions
    error = error.abs() if kind == "l1" else error.square()
    valid = (~is_pad)[..., None].expand_as(error)
    count = valid.sum().clamp(min=1) if mean == "valid" else error.numel()
    reconstruction = (error * valid).sum() / count
    kl = torch.zeros_like(reconstruction)
    if prediction.mu is not None and prediction.logvar is not None:
        mu, logvar = prediction.mu.float(), prediction.logvar.float()
        kl = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(1).mean()
    return Losses(reconstruction + kl_weight * kl, reconstruction, kl)
