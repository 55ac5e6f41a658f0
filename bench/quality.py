#!/usr/bin/env python3
"""Held-out losses with their standard errors, on three lists, and the default on every embedded one.

    bench/quality.py [FOLDER]     FOLDER with train.txt, val.txt and test.txt of the published split
                                  (see bench/published.sh); without it only the embedded list

Prints a row for each list and model; standard errors by bootstrap over names.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"
OTHERS = ["english-names", "colors", "indian-places", "tamil-names", "devanagari-names", "odia-names",
          "italian-names", "finnish-names", "animals", "bengali-names"]
WAYS = {
    "Kneser–Ney": ["--family", "kneser-ney"],
    "`--preset fast`": [],
    "`--preset best`": ["--preset", "best"],
}


def nextchar(*arguments):
    run = subprocess.run([PROGRAM, *arguments, "--json"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def main():
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    lists = {}
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            folder = Path(sys.argv[1])
            parts = [folder / f"{part}.txt" for part in ("train", "val", "test")]
            lists["published split, duplicates kept"] = [
                str(parts[0]), "--val", str(parts[1]), "--test", str(parts[2]), "--keep-duplicates"]
            whole = Path(scratch, "names.txt")
            whole.write_text("".join(part.read_text().rstrip("\n") + "\n" for part in parts))
            lists["the same names without duplicates, a split of their own"] = [str(whole)]
        lists["Indian names"] = []
        lists |= {name: [name] for name in OTHERS}
        print("| list | model | val | test | standard error | better than Kneser–Ney by | seconds |")
        print("|---|---|---|---|---|---|---|")
        model = str(Path(scratch, "model.safetensors"))
        for label, data in lists.items():
            for name, options in WAYS.items():
                if label in OTHERS and name != "`--preset fast`":
                    continue
                made = nextchar("train", *data, *options, "--out", model)
                found = nextchar("evaluate", "-m", model, "--names", "0")
                margin = found["margin"]
                print(f"| {label} | {name} | {made['val_loss']:.4f} | {found['loss']:.4f} | "
                      f"{found['standard_error']:.4f} | {margin['difference']:+.4f} ± "
                      f"{margin['standard_error']:.4f} | {made['seconds']:.1f} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
