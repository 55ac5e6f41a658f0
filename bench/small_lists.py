#!/usr/bin/env python3
"""Small lists, the hard case: 100 to 2,000 Indian names to learn from, all others to be judged by.

    bench/small_lists.py [SECONDS]      SECONDS for `tune`, 20 unless told

Prints the loss on the other names (with its margin over Kneser–Ney and the margin's standard
error) and how much of 1,000 generated names is new, for counting, the default and tune's winner.
"""

import json
import random
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"


def nextchar(folder, *arguments):
    command = [PROGRAM, *arguments, "--json"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "20"
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    shown = subprocess.run([PROGRAM, "data", "show", "indian-names"], capture_output=True, text=True, check=True)
    names = sorted({line.split("\t")[0] for line in shown.stdout.splitlines()})
    random.Random(1).shuffle(names)
    print("| names | model | val | other names | better than Kneser–Ney by | new of 1,000 |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "others.txt").write_text("\n".join(names[2000:]))
        for number in [100, 200, 500, 1000, 2000]:
            Path(folder, "list.txt").write_text("\n".join(names[:number]))
            tuned = nextchar(folder, "tune", "list.txt", "--time", f"{seconds}s")
            ways = {
                "Kneser–Ney": ["train", "list.txt", "--family", "kneser-ney"],
                "the default": ["train", "list.txt"],
                f"`tune`, {seconds} s": shlex.split(tuned["command"])[1:],
            }
            for name, command in ways.items():
                made = nextchar(folder, *command)
                found = nextchar(folder, "evaluate", "others.txt", "-m", "nextchar.safetensors", "--names", "1000")
                margin = found["margin"]
                print(f"| {number:,} | {name} | {made['val_loss']:.3f} | {found['loss']:.4f} | "
                      f"{margin['difference']:+.4f} ± {margin['standard_error']:.4f} | "
                      f"{found['generated']['novelty']['new'] / 10:.0f} % |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
