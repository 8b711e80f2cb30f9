"""ACT as tonyzhaozh/act computes it, in plain PyTorch: to be compared with. Not a program.

The same function of the same weights, under its names: stock multi-head attention that also returns
its weights, sequence first; one pass of the backbone for each camera; batch norm as operations of
its own; pictures as float32; every decoder layer computed and normed, of which the first is used.
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from act.config import ModelConfig
from act.model import IMAGENET_MEAN, IMAGENET_STD


class Norm2d(nn.Module):
    """Frozen batch norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name in ("weight", "bias", "running_mean", "running_var"):
            self.register_buffer(name, torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Of (B, channels, h, w)."""
        w, b, mean, var = (each.reshape(1, -1, 1, 1) for each in self.buffers())
        scale = w * (var + 1e-5).rsqrt()
        return x * scale + (b - mean * scale)


class Block(nn.Module):
    """Of ResNet-18."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = Norm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = Norm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, Norm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """As torchvision's."""
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.downsample(x))


class ResNet(nn.Module):
    """ResNet-18 without its head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), Norm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 512, h, w)."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Layer(nn.Module):
    """Of the encoders, and, with `cross`, of the decoder."""

    def __init__(self, config: ModelConfig, cross: bool = False) -> None:
        super().__init__()
        d, p = config.hidden, config.dropout
        self.self_attn = nn.MultiheadAttention(d, config.heads, p)
        self.linear1, self.linear2 = (
            nn.Linear(d, config.feedforward),
            nn.Linear(config.feedforward, d),
        )
        self.norm1, self.norm2, self.drop = nn.LayerNorm(d), nn.LayerNorm(d), nn.Dropout(p)
        if cross:
            self.multihead_attn = nn.MultiheadAttention(d, config.heads, p)
            self.norm3 = nn.LayerNorm(d)

    def feed(self, x: Tensor) -> Tensor:
        """The feed-forward net."""
        return self.linear2(self.drop(functional.relu(self.linear1(x))))

    def encode(self, x: Tensor, positions: Tensor, is_pad: Tensor | None = None) -> Tensor:
        """Of (L, B, d)."""
        q = x + positions
        x = self.norm1(x + self.drop(self.self_attn(q, q, x, key_padding_mask=is_pad)[0]))
        return self.norm2(x + self.drop(self.feed(x)))

    def decode(self, x: Tensor, queries: Tensor, memory: Tensor, positions: Tensor) -> Tensor:
        """Of (k, B, d), with tokens (L, B, d)."""
        q = x + queries
        x = self.norm1(x + self.drop(self.self_attn(q, q, x)[0]))
        keys = memory + positions
        x = self.norm2(x + self.drop(self.multihead_attn(x + queries, keys, memory)[0]))
        return self.norm3(x + self.drop(self.feed(x)))


class PlainACT(nn.Module):
    """Takes the weights that `checkpoints.reference.to_reference` gives, without their `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d = config.hidden
        self.config = config
        layers = [Layer(config) for _ in range(config.encoder_layers)]
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(copy.deepcopy(layers))})
        decoder = [Layer(config, cross=True) for _ in range(config.decoder_layers)]
        self.transformer = nn.ModuleDict(
            {
                "encoder": nn.ModuleDict({"layers": nn.ModuleList(layers)}),
                "decoder": nn.ModuleDict(
                    {"layers": nn.ModuleList(decoder), "norm": nn.LayerNorm(d)}
                ),
            }
        )
        self.action_head, self.is_pad_head = nn.Linear(d, config.action_dim), nn.Linear(d, 1)
        self.query_embed = nn.Embedding(config.chunk, d)
        self.cls_embed, self.additional_pos_embed = nn.Embedding(1, d), nn.Embedding(2, d)
        self.input_proj = nn.Conv2d(512, d, 1)
        self.input_proj_robot_state = nn.Linear(config.state_dim, d)
        self.encoder_action_proj = nn.Linear(config.action_dim, d)
        self.encoder_joint_proj = nn.Linear(config.state_dim, d)
        self.latent_proj = nn.Linear(d, 2 * config.latent)
        self.latent_out_proj = nn.Linear(config.latent, d)
        self.register_buffer("pos_table", torch.zeros(1, config.chunk + 2, d))
        body = nn.ModuleDict({"body": ResNet()})
        self.backbones = nn.ModuleList([nn.ModuleList([body])])

    def style(self, qpos: Tensor, actions: Tensor, is_pad: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of z."""
        cls = self.cls_embed.weight.expand(len(qpos), 1, -1)
        parts = [cls, self.encoder_joint_proj(qpos)[:, None], self.encoder_action_proj(actions)]
        x = torch.cat(parts, 1).transpose(0, 1)
        padded = torch.cat([is_pad.new_zeros(len(qpos), 2), is_pad], 1)
        for layer in self.encoder["layers"]:
            x = layer.encode(x, self.pos_table.transpose(0, 1), padded)
        mu, logvar = self.latent_proj(x[0]).chunk(2, -1)
        return mu, logvar

    def places(self, features: Tensor) -> Tensor:
        """(1, d, h, w): computed for every camera and step, as there."""
        h, w = features.shape[-2:]
        half = self.config.hidden // 2
        channel = torch.arange(half, device=features.device)
        slower = 10000 ** (2 * (channel // 2) / half)

        def waves(n: int) -> Tensor:
            place = torch.arange(1, n + 1, device=features.device) / (n + 1e-6) * 2 * math.pi
            angle = place[:, None] / slower
            return torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], 2).flatten(1).T

        rows, columns = waves(h)[:, :, None].expand(-1, h, w), waves(w)[:, None].expand(-1, h, w)
        return torch.cat([rows, columns])[None]

    def forward(
        self, qpos: Tensor, images: Tensor, actions: Tensor | None, is_pad: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Joints (B, D), pictures (B, N, 3, H, W) as 0..1: actions (B, k, D), and z's posterior."""
        mu = logvar = None
        z = qpos.new_zeros(len(qpos), self.config.latent)
        if actions is not None and is_pad is not None:
            mu, logvar = self.style(qpos, actions, is_pad)
            z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        mean, std = (images.new_tensor(x)[:, None, None] for x in (IMAGENET_MEAN, IMAGENET_STD))
        images = (images - mean) / std
        features, places = [], []
        for camera in range(images.shape[1]):
            seen = self.backbones[0][0]["body"](images[:, camera])
            features.append(self.input_proj(seen))
            places.append(self.places(features[-1]))
        tokens = torch.cat(features, 3).flatten(2).permute(2, 0, 1)
        positions = torch.cat(places, 3).flatten(2).permute(2, 0, 1)
        others = torch.stack([self.latent_out_proj(z), self.input_proj_robot_state(qpos)])
        memory = torch.cat([others, tokens])
        positions = torch.cat([self.additional_pos_embed.weight[:, None], positions])
        for layer in self.transformer["encoder"]["layers"]:
            memory = layer.encode(memory, positions)
        queries = self.query_embed.weight[:, None].expand(-1, len(qpos), -1)
        x, heard = torch.zeros_like(queries), []
        for layer in self.transformer["decoder"]["layers"]:
            x = layer.decode(x, queries, memory, positions)
            heard.append(self.transformer["decoder"]["norm"](x))
        first = torch.stack(heard).transpose(1, 2)[0]
        self.is_pad_head(first)
        return self.action_head(first), mu, logvar
