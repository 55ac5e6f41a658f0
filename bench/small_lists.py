#!/usr/bin/env python3
"""Small lists, the hard case: trained on 100 to 2,000 Indian names, evaluated on all others.

    bench/small_lists.py [SECONDS]      SECONDS for each run of `tune` (default 20)

For Kneser–Ney, the default model and the best that `tune` finds, prints the loss on the other names (with its
margin over Kneser–Ney and the margin's standard error) and how many of 1,000 generated names are new.
"""

import random
import shlex
import sys
import tempfile
from pathlib import Path

from common import answer, build, expect, finished, listed


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "20"
    build()
    names = listed("indian-names")
    random.Random(1).shuffle(names)
    print("| names | model | val | other names | better than Kneser–Ney by | new of 1,000 |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "others.txt").write_text("\n".join(names[2000:]))
        for number in [100, 200, 500, 1000, 2000]:
            Path(folder, "list.txt").write_text("\n".join(names[:number]))
            tuned = answer("tune", "list.txt", "--time", f"{seconds}s", cwd=folder)
            expect(tuned["tried"] > 0, f"{number} names: `tune` tried nothing in {seconds} s")
            models = {
                "Kneser–Ney": ["train", "list.txt", "--family", "kneser-ney"],
                "the default": ["train", "list.txt"],
                f"`tune`, {seconds} s": shlex.split(tuned["command"])[1:],
            }
            for name, command in models.items():
                made = finished(answer(*command, cwd=folder))
                found = answer("evaluate", "others.txt", "-m", "nextchar.safetensors", "--names", "1000", cwd=folder)
                expect(found["generated"]["names"] == 1000, f"{number} names, {name}: 1,000 names were to be generated")
                margin = found["margin"]
                print(f"| {number:,} | {name} | {made['val_loss']:.3f} | {found['loss']:.4f} | "
                      f"{margin['difference']:+.4f} ± {margin['standard_error']:.4f} | "
                      f"{found['generated']['novelty']['new'] / 10:.0f} % |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
