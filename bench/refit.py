#!/usr/bin/env python3
"""What learning the held-out names gains and costs: the loss on names that neither model has seen.

    bench/refit.py

Trains on 200 to 24,000 Indian names with and without `--no-refit`, and evaluates both models on 2,900 other names.
Fails if the models are the same.
"""

import random
import tempfile
from pathlib import Path

from common import answer, build, expect, listed, nextchar

SIZES = (200, 600, 2000, 6000, 24000)
HELD_OUT = 2900


def main():
    build()
    names = listed("indian-names")
    random.Random(1).shuffle(names)
    print("| names | without refit | refitted | better by | seconds without | seconds with |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "other.txt").write_text("\n".join(names[:HELD_OUT]) + "\n")
        for size in SIZES:
            (folder / "list.txt").write_text("\n".join(names[HELD_OUT:HELD_OUT + size]) + "\n")
            losses, seconds = [], []
            for options in (["--no-refit"], []):
                model = folder / "model.safetensors"
                found = answer("train", folder / "list.txt", "--out", model, *options)
                judged = answer("evaluate", folder / "other.txt", "-m", model, "--names", "0")
                losses.append(judged["loss"])
                seconds.append(found["seconds"])
            expect(losses[0] != losses[1], "the models with and without refit are the same")
            print(f"| {size:,} | {losses[0]:.4f} | {losses[1]:.4f} | {losses[0] - losses[1]:+.4f} "
                  f"| {seconds[0]:.1f} | {seconds[1]:.1f} |")


if __name__ == "__main__":
    main()
