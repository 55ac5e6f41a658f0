"""Names from Python's Markov generators, and from an alias table in NumPy; prints a JSON object.

    markov.py namemaker|markovify LIST NAMES [--new]     --new: names that are not in the list
    markov.py alias MODEL NAMES [--decoded] [--processes 2]

`alias` reads a network with one hidden layer (tanh) and tabulates it: Walker's method for every context, many
names side by side. Names with more characters than --longest are rejected, as in nextchar.
"""

import argparse
import json
import multiprocessing
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("way")
parser.add_argument("file")
parser.add_argument("names", type=int)
parser.add_argument("--new", action="store_true")
parser.add_argument("--decoded", action="store_true")
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--longest", type=int, default=15)
args = parser.parse_args()


def namemaker():
    import namemaker as library
    names = library.make_name_set(Path(args.file).read_text().split("\n"), order=3, clean_up=False)
    return lambda: names.make_name(exclude_real_names=False, exclude_history=False, add_to_history=False, n_candidates=1)


def markovify():
    import markovify as library

    class Names(library.NewlineText):
        def word_split(self, sentence):
            return list(sentence)

        def word_join(self, words):
            return "".join(words)

    model = Names(Path(args.file).read_text(), state_size=3, retain_original=False)
    model.compile(inplace=True)
    return lambda: model.make_sentence(test_output=False)


def tensors(path):
    import numpy as np
    data = Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    kinds = {"F32": np.float32}
    return {name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] in kinds}


def tables():
    """Thresholds and aliases, [contexts, V] each, and V, the number of classes."""
    import numpy as np
    t = tensors(args.file)
    vocab = len(t["embedding.weight"])
    numbers = np.arange(vocab ** 3)
    contexts = np.stack([numbers // vocab ** 2, numbers // vocab % vocab, numbers % vocab], 1)
    features = t["embedding.weight"][contexts].reshape(len(numbers), -1)
    hidden = np.tanh(features @ t["hidden.0.weight"].T + t["hidden.0.bias"])
    logits = (hidden @ t["output.weight"].T + t["output.bias"]).astype(np.float64)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    # Walker's tables for all contexts at once: the richest slot fills up the poorest, V times.
    left, thresholds, aliases = p * vocab, np.ones_like(p), np.tile(np.arange(vocab), (len(p), 1))
    rows, open_ = np.arange(len(p)), np.ones(p.shape, bool)
    for _ in range(vocab - 1):
        poor = np.where(open_, left, np.inf).argmin(1)
        rich = np.where(open_, left, -np.inf).argmax(1)
        thresholds[rows, poor], aliases[rows, poor] = np.minimum(left[rows, poor], 1), rich
        left[rows, rich] -= 1 - thresholds[rows, poor]
        open_[rows, poor] = False
    return thresholds.astype(np.float32).ravel(), aliases.astype(np.uint8).ravel(), vocab


CHAINS = 1 << 16


def draw(thresholds, aliases, vocab, names, seed):
    """Draws names of 1 to `longest` characters; returns how many, and how many characters they have in total."""
    import numpy as np
    rng = np.random.Generator(np.random.SFC64(seed))
    letters = np.frombuffer(b"\n" + bytes(range(ord("a"), ord("z") + 1)), np.uint8)
    found, total, text = 0, 0, 0
    while found < names:
        contexts, live = np.zeros(CHAINS, np.int32), np.arange(CHAINS)
        tokens = np.zeros((args.longest + 1, CHAINS), np.uint8)
        for step in range(args.longest + 1):
            u = rng.random(len(live), np.float32) * vocab
            slot = np.minimum(u.astype(np.int32), vocab - 1)
            place = contexts * vocab + slot
            token = np.where(u - slot < thresholds[place], slot, aliases[place])
            tokens[step, live] = token
            going = token > 0
            live, token = live[going], token[going]
            contexts = contexts[going] % vocab ** 2 * vocab + token
            if not len(live):
                break
        lengths = np.where((tokens == 0).any(0), (tokens == 0).argmax(0), 0)
        kept = lengths > 0
        if args.decoded:
            columns = tokens[:, kept].T
            places = np.arange(args.longest + 1) <= lengths[kept][:, None]
            text += len(letters[columns][places].tobytes())
        found += int(kept.sum())
        total += int(lengths.sum())
    return found, total


def alias():
    made = tables()
    draw(*made, 1, 0)
    share = args.names // args.processes
    if args.processes == 1:
        start = time.perf_counter()
        found = [draw(*made, share, 1)]
    else:
        with multiprocessing.get_context("fork").Pool(args.processes) as pool:
            pool.map(abs, range(args.processes))
            start = time.perf_counter()
            found = pool.starmap(draw, [(*made, share, seed) for seed in range(1, args.processes + 1)])
    seconds = time.perf_counter() - start
    print(json.dumps({"names": sum(n for n, _ in found), "seconds": seconds, "letters": sum(l for _, l in found)}))


if args.way == "alias":
    sys.exit(alias())
make = {"namemaker": namemaker, "markovify": markovify}[args.way]()
if args.new:
    known, new, draws = set(Path(args.file).read_text().split("\n")), [], 0
    while len(new) < args.names and draws < 1000 * args.names:
        name, draws = make(), draws + 1
        if name not in known:
            new.append(name)
    print(json.dumps({"new": new, "draws": draws}))
    sys.exit()
start = time.perf_counter()
letters = sum(len(make()) for _ in range(args.names))
print(json.dumps({"names": args.names, "seconds": time.perf_counter() - start, "letters": letters}))
