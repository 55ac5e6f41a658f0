"""PyTorch on the lecture's problem: the literal loop, the same mathematics at its fastest, and a free choice of method.

    pytorch.py FOLDER METHOD [--threads N] [--context K] [--hidden H] [--embedding E] [--batch B] …

FOLDER holds train.txt and val.txt. METHOD is `literal` (autograd, as in the lecture), `compiled` (the same
mathematics with a gradient written by hand, compiled) or `free` (contexts with counts and AdamW; gradient and
optimiser written by hand, compiled). Prints one JSON object. The seconds do not include validation, drawing the
random numbers of `compiled` and `free`, reading and compiling. Fails if a --target is not reached.
"""

import argparse
import json
import math
import sys
import time
from collections import Counter

import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("method", choices=["literal", "compiled", "free"])
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--context", type=int, default=3)
parser.add_argument("--embedding", type=int, default=10)
parser.add_argument("--hidden", type=int, default=200)
parser.add_argument("--batch", type=int, default=32, help="0: the whole list")
parser.add_argument("--steps", type=int, default=200_000)
parser.add_argument("--learning-rate", type=float, default=0.1)
parser.add_argument("--target", type=float, default=0.0)
parser.add_argument("--every", type=int, default=1000)
parser.add_argument("--init", choices=["lecture", "kaiming"], default="lecture")
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(42)
T, E, H, V = args.context, args.embedding, args.hidden, 27


def windows(path):
    contexts, targets = [], []
    for name in open(path).read().split():
        context = [0] * T
        for letter in [ord(c) - 96 for c in name] + [0]:
            contexts.append(context)
            targets.append(letter)
            context = context[1:] + [letter]
    return torch.tensor(contexts), torch.tensor(targets)


X, Y = windows(f"{args.folder}/train.txt")
X_val, Y_val = windows(f"{args.folder}/val.txt")
N = len(X)


def parameters():
    C = torch.randn(V, E)
    W1, b1 = torch.randn(T * E, H), torch.randn(H)
    W2, b2 = torch.randn(H, V), torch.randn(V)
    if args.init == "kaiming":
        W1 *= (5 / 3) / math.sqrt(T * E)
        b1 *= 0.01
        W2 *= 0.01
        b2 *= 0
    return [C, W1, b1, W2, b2]


@torch.no_grad()
def val_loss(p):
    C, W1, b1, W2, b2 = p
    hidden = torch.tanh(C[X_val].view(-1, T * E) @ W1 + b1)
    return F.cross_entropy(hidden @ W2 + b2, Y_val).item()


def gradients(p, x, targets, weight):
    """Written by hand; `targets` [B, V] are distributions of the next character, `weight` is 1 / B or [B, 1]."""
    C, W1, b1, W2, b2 = p
    features = C[x].view(-1, T * E)
    hidden = torch.tanh(features @ W1 + b1)
    delta = (torch.softmax(hidden @ W2 + b2, 1) - targets) * weight
    back = (delta @ W2.T) * (1 - hidden * hidden)
    dC = torch.zeros_like(C).index_add_(0, x.view(-1), (back @ W1.T).view(-1, E))
    return [dC, features.T @ back, back.sum(0), hidden.T @ delta, delta.sum(0)]


def report(seconds, steps, p):
    print(json.dumps({"seconds": seconds, "steps": steps, "val": val_loss(p),
                      "torch": torch.__version__, "threads": args.threads}))


def run(p, step):
    """Steps until the target is reached or all steps are done; the clock is stopped during validation."""
    seconds, done = 0.0, 0
    while done < args.steps:
        some = min(args.every, args.steps - done)
        start = time.perf_counter()
        for index in range(done, done + some):
            step(index)
        seconds += time.perf_counter() - start
        done += some
        if args.target and val_loss(p) <= args.target:
            break
    else:
        if args.target:
            sys.exit(f"the validation loss {args.target} was not reached: {val_loss(p):.4f} after {done} steps")
    report(seconds, done, p)


def literal():
    p = parameters()
    for tensor in p:
        tensor.requires_grad_()
    C, W1, b1, W2, b2 = p

    def step(index):
        if args.batch:
            ix = torch.randint(0, N, (args.batch,))
            x, y = X[ix], Y[ix]
        else:
            x, y = X, Y
        emb = C[x]
        h = torch.tanh(emb.view(-1, T * E) @ W1 + b1)
        loss = F.cross_entropy(h @ W2 + b2, y)
        for tensor in p:
            tensor.grad = None
        loss.backward()
        rate = args.learning_rate if index < args.steps // 2 else args.learning_rate / 10
        for tensor in p:
            tensor.data += -rate * tensor.grad

    run(p, step)


@torch.no_grad()
def compiled():
    p = parameters()
    draws = torch.randint(0, N, (min(args.steps, 200_000), args.batch)) if args.batch else None

    @torch.compile(dynamic=False)
    def update(p, x, y, rate, scale):
        grads = gradients(p, x, F.one_hot(y, V).float(), scale)
        for tensor, grad in zip(p, grads):
            tensor.sub_(rate * grad)

    rates = [torch.tensor(args.learning_rate), torch.tensor(args.learning_rate / 10)]

    def step(index, p=p):
        x, y = (X[draws[index]], Y[draws[index]]) if args.batch else (X, Y)
        update(p, x, y, rates[index >= args.steps // 2], 1 / (args.batch or N))

    warm = [tensor.clone() for tensor in p]
    for index in range(3):
        step(index, warm)
    run(p, step)


@torch.no_grad()
def free():
    """Unique contexts with counts; a batch is drawn by systematic sampling in proportion to the counts."""
    table = Counter(zip(map(tuple, X.tolist()), Y.tolist()))
    contexts = sorted({context for context, _ in table})
    place = {context: index for index, context in enumerate(contexts)}
    counts = torch.zeros(len(contexts), V)
    for (context, target), count in table.items():
        counts[place[context], target] = count
    contexts, totals = torch.tensor(contexts), counts.sum(1)
    targets, ends = counts / totals[:, None], totals.cumsum(0)
    weights = totals[:, None] / N
    batch = args.batch
    offsets = torch.rand(args.steps)
    p = parameters()
    first, second = [[torch.zeros_like(tensor) for tensor in p] for _ in range(2)]
    positions = torch.arange(batch or 1) * (N / (batch or 1))

    @torch.compile(dynamic=False)
    def update(p, first, second, offset, rate, correction1, correction2):
        if batch:
            rows = torch.searchsorted(ends, positions + offset * (N / batch), right=True)
            rows = rows.clamp(max=len(totals) - 1)
            grads = gradients(p, contexts[rows], targets[rows], 1 / batch)
        else:
            grads = gradients(p, contexts, targets, weights)
        for tensor, grad, m, v in zip(p, grads, first, second):
            m.lerp_(grad, 0.1)
            v.lerp_(grad * grad, 0.01)
            tensor.sub_(rate * (m * correction1) / ((v * correction2).sqrt() + 1e-8))

    def schedule(index):
        warm = max(1, int(0.02 * args.steps))
        if index < warm:
            return (index + 1) / warm
        share = (index - warm) / max(1, args.steps - warm)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))

    scalars = [[torch.tensor(x) for x in (args.learning_rate * schedule(i), 1 / (1 - 0.9 ** (i + 1)),
                                          1 / (1 - 0.99 ** (i + 1)))] for i in range(args.steps)]

    def step(index, state=(p, first, second)):
        update(*state, offsets[index], *scalars[index])

    warm = tuple([tensor.clone() for tensor in part] for part in (p, first, second))
    for index in range(3):
        step(index, warm)
    run(p, step)


{"literal": literal, "compiled": compiled, "free": free}[args.method]()
