"""Second step of making a tiny-lm: tokens.bin -> model.onnx.

    python3 train.py FOLDER_OF_prepare.ts [--steps 9000]

Needs PyTorch (1.13 or later) and NumPy. A GPT of 4 layers, 144 wide, 4 heads, with the token table
shared by input and output: 1.28 million parameters at a vocabulary of 1,840 pieces. 9,000 steps take
about 20 minutes on two cores. One thread and the same PyTorch give the same weights again.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTH, LAYERS, HEADS, CONTEXT, BATCH = 144, 4, 4, 96, 32
PEAK_RATE, WARM_UP_STEPS = 3e-3, 100


class Block(nn.Module):
    """Causal self-attention and a ReLU network, each behind a layer norm and a residual."""

    def __init__(self):
        super().__init__()
        self.norm_attention = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm_network = nn.LayerNorm(WIDTH)
        self.expand = nn.Linear(WIDTH, 4 * WIDTH)
        self.contract = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, mask):
        batch, time, _ = x.shape

        def by_head(part):
            return part.view(batch, time, HEADS, WIDTH // HEADS).transpose(1, 2)

        queries, keys, values = map(by_head, self.qkv(self.norm_attention(x)).split(WIDTH, 2))
        scores = queries @ keys.transpose(2, 3) / math.sqrt(WIDTH // HEADS) + mask
        mixed = (scores.softmax(-1) @ values).transpose(1, 2).reshape(batch, time, WIDTH)
        x = x + self.out(mixed)
        return x + self.contract(F.relu(self.expand(self.norm_network(x))))


class TinyLm(nn.Module):
    """ids [B,T] -> logits [B,T,V]."""

    def __init__(self, vocabulary_size):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.register_buffer("mask", torch.triu(torch.full((CONTEXT, CONTEXT), -1e9), 1))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)

    def forward(self, ids):
        time = ids.shape[1]
        x = self.tokens(ids) + self.positions.weight[:time]
        for block in self.blocks:
            x = block(x, self.mask[:time, :time])
        return self.norm(x) @ self.tokens.weight.t()


def learning_rate(step, steps):
    """Linear warm-up, then a cosine down to a twentieth."""
    warm_up = min(1, (step + 1) / WARM_UP_STEPS)
    return PEAK_RATE * warm_up * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def train(model, data, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.95), weight_decay=0.05)
    random = np.random.RandomState(1)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        starts = random.randint(0, len(data) - CONTEXT - 1, BATCH)
        windows = torch.tensor(np.stack([data[start : start + CONTEXT + 1] for start in starts]))
        logits = model(windows[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), windows[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.3f}", flush=True)


def perplexity(model, data):
    losses = []
    with torch.no_grad():
        for start in range(0, len(data) - CONTEXT - 1, CONTEXT * 4):
            window = torch.tensor(data[start : start + CONTEXT + 1])
            losses.append(F.cross_entropy(model(window[None, :-1])[0], window[1:]).item())
    return math.exp(np.mean(losses))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=9000)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    vocabulary = json.loads((arguments.folder / "vocabulary.json").read_text())
    data = np.fromfile(arguments.folder / "tokens.bin", "<u2").astype("int64")
    split = int(len(data) * 0.97)
    model = TinyLm(len(vocabulary))
    train(model, data[:split], arguments.steps)
    model.eval()
    print(f"perplexity on held-out text: {perplexity(model, data[split:]):.1f} a token")
    torch.onnx.export(
        model,
        torch.tensor(data[None, :8]),
        arguments.folder / "model.onnx",
        input_names=["ids"],
        output_names=["logits"],
        dynamic_axes={"ids": {0: "B", 1: "T"}, "logits": {0: "B", 1: "T"}},
        opset_version=16,
    )


if __name__ == "__main__":
    main()
