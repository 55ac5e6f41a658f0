"""A model of names in NumPy; its weights are next to this file, as .safetensors.

    pip install numpy
    python THIS_FILE.py                 # ten names
    python THIS_FILE.py --next aab      # P(next character)

Token 0 is the end mark, which also pads the left; token i + 1 is the i-th character of the alphabet.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).with_suffix(".safetensors")
ERF = np.vectorize(math.erf, otypes=[float])
ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "gelu": lambda z: z * 0.5 * (1.0 + ERF(z / math.sqrt(2.0))),
}


def load(path=WEIGHTS):
    """The tensors by name, in double precision, and what the file says beside them.

    A safetensors file is the length of its header (8 bytes), the header in JSON, the numbers.
    """
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    hints = json.loads(header.pop("__metadata__", {}).get("network", "{}"))
    tensors = {}
    for name, info in header.items():
        start, end = (8 + length + place for place in info["data_offsets"])
        values = np.frombuffer(data[start:end], "<f4").astype(np.float64)
        tensors[name] = values.reshape(info["shape"])
    return tensors, hints


class Network:
    """Embedding, concatenation, hidden layers, logits."""

    def __init__(self, tensors, hints, prefix=""):
        def layer(name):
            return tensors[f"{prefix}{name}.weight"], tensors[f"{prefix}{name}.bias"]

        self.embedding = tensors[f"{prefix}embedding.weight"]
        self.hidden = []
        while f"{prefix}hidden.{len(self.hidden)}.weight" in tensors:
            self.hidden.append(layer(f"hidden.{len(self.hidden)}"))
        self.output = layer("output")
        features = (self.hidden or [self.output])[0][0].shape[1]
        self.context = features // self.embedding.shape[1]
        self.activation = ACTIVATIONS[hints.get("activation", "tanh")]
        self.residual = hints.get("residual", False)

    def logits(self, tokens):
        """[batch, context] tokens → [batch, V]."""
        x = self.embedding[tokens[:, -self.context :]].reshape(len(tokens), -1)
        for index, (weight, bias) in enumerate(self.hidden):
            y = self.activation(x @ weight.T + bias)
            skips = self.residual and index > 0 and weight.shape[0] == weight.shape[1]
            x = x + y if skips else y
        weight, bias = self.output
        return x @ weight.T + bias


class Ensemble:
    """Several networks: the mean of their log-probabilities."""

    def __init__(self, members):
        self.members = members
        self.context = max(network.context for network in members)

    def logits(self, tokens):
        """[batch, context] tokens → [batch, V]."""
        return np.mean([log_softmax(network.logits(tokens)) for network in self.members], axis=0)


def model_of(tensors, hints):
    """The network, or the ensemble of several."""
    if "embedding.weight" in tensors:
        return Network(tensors, hints)
    count = sum(name.endswith("embedding.weight") for name in tensors)
    return Ensemble([Network(tensors, hints, f"member.{index}.") for index in range(count)])


def log_softmax(logits):
    """ln P of every row, [batch, V]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def probs_after(model, alphabet, text):
    """P(next character) after a text, [V]."""
    tokens = [alphabet.index(character) + 1 for character in text.lstrip("_")]
    tokens = ([0] * model.context + tokens)[-model.context :]
    return np.exp(log_softmax(model.logits(np.array([tokens])))[0])


def generate(model, alphabet, longest, rng):
    """One name, character by character until the end mark."""
    name = ""
    while len(name) < longest:
        probs = probs_after(model, alphabet, name)
        token = rng.choice(len(probs), p=probs / probs.sum())
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
    tensors, hints = load()
    model = model_of(tensors, hints)
    alphabet = alphabet_of(hints)
    if args.next is not None:
        for character, p in zip("_" + alphabet, probs_after(model, alphabet, args.next)):
            print(f"{character}  {p:.4f}")
        return
    rng = np.random.default_rng(args.seed)
    for _ in range(args.count):
        print(generate(model, alphabet, hints.get("longest_name", 20), rng))


if __name__ == "__main__":
    main()
