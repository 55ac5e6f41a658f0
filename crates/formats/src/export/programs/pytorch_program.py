"""A model of names in PyTorch; its weights are next to this file, as .safetensors.

    pip install torch safetensors
    python THIS_FILE.py                 # ten names
    python THIS_FILE.py --next aab      # P(next character)

Token 0 is the end mark, which also pads the left; token i + 1 is the i-th character of the alphabet.
What save() writes is a model file of nextchar's: nextchar generate --model FILE
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

WEIGHTS = Path(__file__).with_suffix(".safetensors")
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "gelu": nn.functional.gelu}


class Network(nn.Module):
    """Embedding, concatenation, hidden layers, logits."""

    def __init__(self, vocab_size, context, embedding, hidden, activation="tanh", residual=False):
        super().__init__()
        widths = [context * embedding, *hidden]
        self.context, self.residual = context, residual
        self.activation = ACTIVATIONS[activation]
        self.embedding = nn.Embedding(vocab_size, embedding)
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.output = nn.Linear(widths[-1], vocab_size)

    def forward(self, tokens):
        """[batch, context] int64 tokens → [batch, V] logits."""
        x = self.embedding(tokens[:, -self.context :]).flatten(1)
        for index, layer in enumerate(self.hidden):
            y = self.activation(layer(x))
            skips = self.residual and index > 0 and layer.in_features == layer.out_features
            x = x + y if skips else y
        return self.output(x)


class Ensemble(nn.Module):
    """Several networks: the mean of their log-probabilities."""

    def __init__(self, members):
        super().__init__()
        self.member = nn.ModuleList(members)
        self.context = max(network.context for network in members)

    def forward(self, tokens):
        """[batch, context] int64 tokens → [batch, V] logits."""
        return torch.stack([network(tokens).log_softmax(1) for network in self.member]).mean(0)


def load(path=WEIGHTS):
    """The module in evaluation mode, and the metadata of the file."""
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        hints = json.loads((file.metadata() or {}).get("network", "{}"))
    network = {"activation": hints.get("activation", "tanh"), "residual": hints.get("residual", False)}

    def build(prefix):
        vocab_size, embedding = tensors[f"{prefix}embedding.weight"].shape
        hidden = []
        while f"{prefix}hidden.{len(hidden)}.weight" in tensors:
            hidden.append(tensors[f"{prefix}hidden.{len(hidden)}.weight"].shape[0])
        first = "hidden.0" if hidden else "output"
        context = tensors[f"{prefix}{first}.weight"].shape[1] // embedding
        return Network(vocab_size, context, embedding, hidden, **network)

    count = sum(name.endswith("embedding.weight") for name in tensors)
    one = "embedding.weight" in tensors
    model = build("") if one else Ensemble([build(f"member.{index}.") for index in range(count)])
    model.load_state_dict(tensors, strict=True)
    return model.eval(), hints


def save(model, hints, path):
    """Writes a file that load(), and nextchar as --model, can read."""
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata={"network": json.dumps(hints)})


def context_of(text, alphabet, length):
    """The last `length` tokens of a text, padded on the left."""
    tokens = [alphabet.index(character) + 1 for character in text.lstrip("_")]
    return ([0] * length + tokens)[-length:]


@torch.no_grad()
def generate(model, alphabet, longest, generator):
    """One name, character by character until the end mark."""
    name = ""
    while len(name) < longest:
        tokens = torch.tensor([context_of(name, alphabet, model.context)])
        probs = model(tokens)[0].double().softmax(0)
        token = torch.multinomial(probs, 1, generator=generator).item()
        if token == 0:
            break
        name += alphabet[token - 1]
    return name


def alphabet_of(hints):
    """The characters in the order of their tokens; a file that says more about them has them in a table."""
    vocab = hints.get("vocab") or "abcdefghijklmnopqrstuvwxyz"
    return vocab if isinstance(vocab, str) else "".join(vocab["pieces"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--next", metavar="CONTEXT", help="print P(next character) after CONTEXT")
    parser.add_argument("-n", "--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    model, hints = load()
    alphabet = alphabet_of(hints)
    if args.next is not None:
        tokens = torch.tensor([context_of(args.next, alphabet, model.context)])
        with torch.no_grad():
            probs = model(tokens)[0].double().softmax(0)
        for character, p in zip("_" + alphabet, probs.tolist()):
            print(f"{character}  {p:.4f}")
        return
    generator = torch.Generator().manual_seed(args.seed)
    for _ in range(args.count):
        print(generate(model, alphabet, hints.get("longest_name", 20), generator))


if __name__ == "__main__":
    main()
