#!/usr/bin/env python3
"""What each choice of the default network is worth, measured on the validation names of the embedded list.

    bench/ablation.py > docs/ablation.md

Every row changes one thing and is trained with three seeds; the losses are those of the network alone.
"""

import statistics
import sys
import tempfile

from common import answer, build, finished

SEEDS = ["1", "2", "3"]

# The default preset, spelled out so that each part can be removed.
BASE = {
    "preset": "kaiming", "family": "network", "context": "6", "embedding": "16",
    "hidden": "128,128", "residual": True, "activation": "gelu", "optimizer": "adamw",
    "learning-rate": "0.012", "weight-decay": "0.1", "schedule": "cosine", "dropout": "0.1",
    "averaging": "0.99", "batch": "256", "draw": "passes", "steps": "3000",
}

ROWS = [
    ("the default's network", {}),
    ("no dropout", {"dropout": "0"}),
    ("dropout 0.2", {"dropout": "0.2"}),
    ("no weight decay", {"weight-decay": "0"}),
    ("weight decay 0.5", {"weight-decay": "0.5"}),
    ("label smoothing 0.02", {"label-smoothing": "0.02"}),
    ("label smoothing 0.1", {"label-smoothing": "0.1"}),
    ("no averaging of weights", {"averaging": "0"}),
    ("no residual connection", {"residual": False}),
    ("one hidden layer of 128", {"hidden": "128"}),
    ("three hidden layers of 128", {"hidden": "128,128,128"}),
    ("tanh", {"activation": "tanh"}),
    ("ReLU", {"activation": "relu"}),
    ("constant learning rate", {"schedule": "constant"}),
    ("learning rate 0.004", {"learning-rate": "0.004"}),
    ("learning rate 0.03", {"learning-rate": "0.03"}),
    ("learning rate from the range test", {"learning-rate": "auto"}),
    ("batch normalisation", {"batch-norm": True}),
    ("batch normalisation, no dropout", {"batch-norm": True, "dropout": "0"}),
    ("batch size 64", {"batch": "64"}),
    ("batch size 1024", {"batch": "1024"}),
    ("contexts drawn in proportion to their counts", {"draw": "contexts"}),
    ("single windows, as in the lecture", {"draw": "windows"}),
    ("context 3", {"context": "3"}),
    ("context 8", {"context": "8"}),
    ("embedding 4", {"embedding": "4"}),
    ("9,000 steps", {"steps": "9000"}),
    ("9,000 steps, dropout 0.2", {"steps": "9000", "dropout": "0.2"}),
    ("mixed with Kneser–Ney", {"family": "mixture"}),
    ("three networks", {"networks": "3"}),
    ("three networks, distilled into one", {"networks": "3", "distill": True}),
]


def trained(options, seed, folder):
    words = []
    for name, value in options.items():
        if value is True:
            words.append(f"--{name}")
        elif value is not False:
            words += [f"--{name}", value]
    result = answer("train", "--seed", seed, "--out", f"{folder}/model.safetensors", *words)
    # Distillation counts the steps of the teachers and of the student.
    runs = int(options["networks"]) + 1 if options.get("distill") else 1
    return finished(result, runs * int(options["steps"]))


def main():
    build()
    base = None
    with tempfile.TemporaryDirectory() as folder:
        for name, changes in ROWS:
            results = [trained(BASE | changes, seed, folder) for seed in SEEDS]
            losses = [result["val_loss"] for result in results]
            mean = statistics.mean(losses)
            if base is None:
                base = mean
                print_head(results[0]["baselines"]["val"]["best_kneser_ney"])
            print(f"| {name} | {mean:.4f} | {statistics.stdev(losses):.4f} | {mean - base:+.4f} |")
            sys.stdout.flush()


def print_head(kneser_ney):
    print("# What each choice is worth\n")
    print("Loss on the validation names of the embedded list, in nats per predicted character: mean and standard")
    print("deviation over three seeds. Every row changes one thing in the first row. Made by")
    print(f"`bench/ablation.py > docs/ablation.md`. Kneser–Ney alone has {kneser_ney:.4f}.\n")
    print("| network | val | ± | difference |\n|---|---|---|---|")


if __name__ == "__main__":
    main()
