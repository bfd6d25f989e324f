"""Modules of the shapes of ResNet-18, ConvNeXt-Tiny and ViT-S/16, random weights; images of 224 pixels."""

import torch
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, given: int, features: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(given, features, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(features)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(features, features, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(features)
        self.downsample = nn.Identity()
        if stride > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(given, features, 1, stride, bias=False), nn.BatchNorm2d(features)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.downsample(x))


def resnet18() -> nn.Module:
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1))
    sizes = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
    stages = (nn.Sequential(BasicBlock(a, b, stride), BasicBlock(b, b, 1)) for a, b, stride in sizes)
    return nn.Sequential(*stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


class ChannelsLastNorm(nn.LayerNorm):
    """Layer normalization of maps with channels first."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, features: int):
        super().__init__()
        self.depthwise = nn.Conv2d(features, features, 7, padding=3, groups=features)
        self.norm = nn.LayerNorm(features, eps=1e-6)
        self.wide, self.act, self.narrow = (
            nn.Linear(features, 4 * features),
            nn.GELU(),
            nn.Linear(4 * features, features),
        )
        self.scale = nn.Parameter(torch.full((features,), 1e-1))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.narrow(self.act(self.wide(y)))).permute(0, 3, 1, 2)


def convnext_tiny() -> nn.Module:
    features = (96, 192, 384, 768)
    parts = [nn.Conv2d(3, 96, 4, 4), ChannelsLastNorm(96, eps=1e-6)]
    for stage, (width, depth) in enumerate(zip(features, (3, 3, 9, 3), strict=True)):
        if stage:
            parts += [
                ChannelsLastNorm(features[stage - 1], eps=1e-6),
                nn.Conv2d(features[stage - 1], width, 2, 2),
            ]
        parts.append(nn.Sequential(*(ConvNeXtBlock(width) for _ in range(depth))))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(768, eps=1e-6), nn.Linear(768, 1000))
    return nn.Sequential(*parts, *head)


class TransformerBlock(nn.Module):
    def __init__(self, features: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(features, eps=1e-6), nn.LayerNorm(features, eps=1e-6)
        self.qkv, self.proj = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.mlp = nn.Sequential(
            nn.Linear(features, 4 * features), nn.GELU(), nn.Linear(4 * features, features)
        )

    def forward(self, x):
        batch, tokens, features = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(attended.transpose(1, 2).reshape(batch, tokens, features))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    def __init__(self, features: int = 384, depth: int = 12, heads: int = 6):
        super().__init__()
        self.patches = nn.Conv2d(3, features, 16, 16)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, features))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 197, features))
        self.blocks = nn.ModuleList(TransformerBlock(features, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(features, eps=1e-6), nn.Linear(features, 1000)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


# By name: the function, and its last layers that hold maps.
KINDS = {
    "ResNet-18": (resnet18, "7"),
    "ConvNeXt-Tiny": (convnext_tiny, "8"),
    "ViT-S/16": (VisionTransformer, "blocks.11"),
}
