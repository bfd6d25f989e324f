"""Small modules of random weights, of the kinds that people have; images of 64 pixels."""

import dataclasses

import torch
from torch import nn

SIZE = 64


class Residual(nn.Module):
    """Two blocks with batch normalization, in each a ReLU that runs twice, as in torchvision; 10 classes."""

    class Block(nn.Module):
        def __init__(self, given, features, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(given, features, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(features)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(features, features, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(features)
            self.skip = nn.Conv2d(given, features, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + self.skip(x))

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, 2, 3)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = self.Block(8, 8, 1)
        self.layer2 = self.Block(8, 16, 2)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(self.relu(self.stem(x)))).mean(dim=(2, 3)))


class ConvNeXt(nn.Module):
    """A patchify stem and a block: depthwise 7x7, layer normalization with channels last, GELU, a scale."""

    def __init__(self, features=8):
        super().__init__()
        self.stem = nn.Conv2d(3, features, 4, 4)
        self.depthwise = nn.Conv2d(features, features, 7, padding=3, groups=features)
        self.norm = nn.LayerNorm(features)
        self.wide = nn.Linear(features, 4 * features)
        self.act = nn.GELU()
        self.narrow = nn.Linear(4 * features, features)
        self.gamma = nn.Parameter(torch.full((features,), 0.5))
        self.block = nn.Identity()

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gamma * self.narrow(self.act(self.wide(y)))
        return self.block(x + y.permute(0, 3, 1, 2))


class TransformerBlock(nn.Module):
    def __init__(self, features, heads=2):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.qkv, self.proj = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.fc1, self.act, self.fc2 = (
            nn.Linear(features, 2 * features),
            nn.GELU(),
            nn.Linear(2 * features, features),
        )
        self.attention = nn.Identity()

    def forward(self, x):
        batch, tokens, features = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attention = self.attention((q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(dim=-1))
        x = x + self.proj((attention @ v).transpose(1, 2).reshape(batch, tokens, features))
        return x + self.fc2(self.act(self.fc1(self.norm2(x))))


class VisionTransformer(nn.Module):
    """Patches of 8 pixels, a class token and four registers before them."""

    def __init__(self, features=12, registers=4):
        super().__init__()
        self.patches = nn.Conv2d(3, features, 8, 8)
        self.cls_token = nn.Parameter(torch.randn(1, 1, features) * 0.1)
        self.registers = nn.Parameter(torch.randn(1, registers, features) * 0.1)
        self.positions = nn.Parameter(torch.randn(1, (SIZE // 8) ** 2, features) * 0.1)
        self.blocks = nn.ModuleList([TransformerBlock(features) for _ in range(2)])
        self.head = nn.Linear(features, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        before = torch.cat([self.cls_token, self.registers], dim=1).expand(len(x), -1, -1)
        x = torch.cat([before, x], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


class Swin(nn.Module):
    """Windows of 4x4 patches, channels last throughout."""

    def __init__(self, features=12):
        super().__init__()
        self.patches = nn.Conv2d(3, features, 4, 4)
        self.block = TransformerBlock(features)
        self.stage = nn.Identity()

    def forward(self, x):
        x = self.patches(x).permute(0, 2, 3, 1)
        batch, side, _, features = x.shape
        windows = x.reshape(batch, side // 4, 4, side // 4, 4, features).transpose(2, 3)
        windows = self.block(windows.reshape(-1, 16, features))
        x = windows.reshape(batch, side // 4, side // 4, 4, 4, features).transpose(2, 3)
        return self.stage(x.reshape(batch, side, side, features))


@dataclasses.dataclass
class ModelOutput:
    last_hidden_state: torch.Tensor
    pooler_output: torch.Tensor


class Encoder(nn.Module):
    """Returns its tokens and its attention as a tuple, as layers of Hugging Face's may."""

    def __init__(self, features):
        super().__init__()
        self.block = TransformerBlock(features)

    def forward(self, x):
        of_heads = self.block.norm1(x).unflatten(2, (2, -1)).transpose(1, 2)
        return self.block(x), of_heads @ of_heads.transpose(2, 3)


class HuggingFaceLike(nn.Module):
    """Tokens with a class token; its own output and that of its encoder are no plain tensors."""

    class Body(nn.Module):
        def __init__(self, features):
            super().__init__()
            self.embedding = nn.Conv2d(3, features, 8, 8)
            self.cls_token = nn.Parameter(torch.randn(1, 1, features))
            self.layer = Encoder(features)

        def forward(self, pixel_values):
            x = self.embedding(pixel_values).flatten(2).transpose(1, 2)
            x = self.layer(torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1))[0]
            return ModelOutput(x, x[:, 0])

    def __init__(self, features=12):
        super().__init__()
        self.dino = self.Body(features)

    def forward(self, pixel_values):
        return self.dino(pixel_values)


def seeded(kind, *arguments, seed=0):
    """A module of that kind, weights and running statistics drawn from a seed; in training mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = kind(*arguments)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
    return module
