#!/usr/bin/env python3
"""Held-out losses with their standard errors on three lists, and of the default model on every embedded list.

    bench/quality.py [FOLDER]     FOLDER with train.txt, val.txt and test.txt of the published split
                                  (see bench/published.sh); without it, only the embedded lists

Prints a row for each list and model; the standard errors are bootstrapped over names. Fails if a model that
contains counts is worse than counts alone on the validation names.
"""

import sys
import tempfile
from pathlib import Path

from common import answer, build, expect, finished

OTHERS = ["english-names", "colors", "indian-places", "tamil-names", "devanagari-names", "odia-names",
          "italian-names", "finnish-names", "animals", "bengali-names"]
MODELS = {
    "Kneser–Ney": ["--family", "kneser-ney"],
    "`--preset fast`": [],
    "`--preset best`": ["--preset", "best"],
}


def main():
    build()
    lists = {}
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
            parts = [folder / f"{part}.txt" for part in ("train", "val", "test")]
            lists["published split, duplicates kept"] = [
                str(parts[0]), "--val", str(parts[1]), "--test", str(parts[2]), "--keep-duplicates"]
            whole = Path(scratch, "names.txt")
            whole.write_text("".join(part.read_text().rstrip("\n") + "\n" for part in parts))
            lists["the same names without duplicates, another split"] = [str(whole)]
        lists["Indian names"] = []
        lists |= {name: [name] for name in OTHERS}
        print("| list | model | val | test | standard error | better than Kneser–Ney by | seconds |")
        print("|---|---|---|---|---|---|---|")
        model = str(Path(scratch, "model.safetensors"))
        for label, data in lists.items():
            for name, options in MODELS.items():
                if label in OTHERS and name != "`--preset fast`":
                    continue
                made = finished(answer("train", *data, *options, "--no-refit", "--out", model))
                counts = made["baselines"]["val"]["best_kneser_ney"]
                expect(made["val_loss"] <= counts + 1e-6,
                       f"{label}, {name}: {made['val_loss']:.4f} on the validation names, Kneser–Ney {counts:.4f}")
                found = answer("evaluate", "-m", model, "--names", "0")
                expect(abs(found["loss"] - made["test_loss"]) < 1e-6,
                       f"{label}, {name}: `train` and `evaluate` differ on the test names")
                margin = found["margin"]
                print(f"| {label} | {name} | {made['val_loss']:.4f} | {found['loss']:.4f} | "
                      f"{found['standard_error']:.4f} | {margin['difference']:+.4f} ± "
                      f"{margin['standard_error']:.4f} | {made['seconds']:.1f} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
