#!/usr/bin/env python3
"""The best model of three letters: names read forwards and backwards teach it.

    bench/both_ways.py FOLDER [NAMES]     FOLDER with train.txt, val.txt and test.txt of the published split
                                          (see bench/published.sh); NAMES that each reader writes, 20,000,000 if
                                          not said

What follows three letters, p(next | last three), is the same whichever way names are written, so a model that
reads them backwards is a second opinion on it. Two readers each way write names; their windows, counted
together with those of the real names, are a teacher as a Parquet file of counts; three networks learn what
it predicts and are mixed with the Kneser–Ney counts of the real names. Needs numpy and pyarrow, and half an hour.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import pyarrow
from pyarrow import parquet

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"
SYMBOLS = "_abcdefghijklmnopqrstuvwxyz"
READERS = [
    ["--preset", "best", "--networks", "4", "--good-turing"],
    ["--preset", "best", "--networks", "4", "--good-turing", "--context", "7", "--hidden", "320,320",
     "--embedding", "24", "--dropout", "0.35", "--seed", "2"],
]
# The real names' share of the windows, chosen on val.
REAL = 0.275
STUDENTS = ["--networks", "3", "--context", "3", "--embedding", "24", "--hidden", "256,256", "--steps", "8000",
            "--family", "mixture", "--counts-context", "3", "--preset", "best"]


def train(folder, out, *options):
    lists = [folder / "train.txt", "--val", folder / "val.txt", "--test", folder / "test.txt"]
    run = subprocess.run([PROGRAM, "train", *lists, "--keep-duplicates", *options, "--out", out, "--json"],
                         stdout=subprocess.PIPE, text=True, check=True)
    made = json.loads(run.stdout)
    print(f"{out.name}: val {made['val_loss']:.4f}, test {made['test_loss']:.4f}, {made['seconds']:.0f} s", flush=True)


def windows(read, backwards=False):
    """[27⁴]: how often each letter, or the end, follows each three; `read` gives a piece of the text."""
    numbers = numpy.zeros(256, numpy.int64)
    numbers[[ord(letter) for letter in SYMBOLS[1:]]] = range(1, 27)
    counts, rest = numpy.zeros(27**4, numpy.int64), b""
    while block := read(1 << 24):
        lines, end, rest = (rest + block).rpartition(b"\n")
        # Reading backwards turns each name round and the order of the names, which does not matter.
        text = lines[::-1] + end if backwards else lines + end
        tokens = numbers[numpy.frombuffer(b"\n\n\n" + text, numpy.uint8)]
        # Beyond a line's beginning there is nothing but padding.
        last = tokens[2:-1]
        second = numpy.where(last == 0, 0, tokens[1:-2])
        third = numpy.where(second == 0, 0, tokens[:-3])
        counts += numpy.bincount(((third * 27 + second) * 27 + last) * 27 + tokens[3:], minlength=27**4)
    return counts


def drawn(model, names, seed, backwards):
    """The windows of names that a model writes."""
    writing = subprocess.Popen([PROGRAM, "generate", "-m", model, "-n", str(names), "--seed", str(seed)],
                               stdout=subprocess.PIPE)
    counts = windows(writing.stdout.read, backwards)
    if writing.wait():
        sys.exit("the names could not be drawn")
    return counts


def main():
    folder, names = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20_000_000
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for part in ("train", "val", "test"):
            lines = (folder / f"{part}.txt").read_text().split()
            (scratch / f"{part}.txt").write_text("".join(line[::-1] + "\n" for line in lines))
        counts = numpy.zeros(27**4, numpy.int64)
        for seed, reader in enumerate(READERS):
            for backwards, lists in ((False, folder), (True, scratch)):
                model = scratch / f"reader {seed + 1}, {'backwards' if backwards else 'forwards'}"
                train(lists, model, *reader)
                counts += drawn(model, names, 2 * seed + backwards, backwards)
        real = windows(open(folder / "train.txt", "rb").read)
        counts += round(REAL / (1 - REAL) * counts.sum() / real.sum()) * real
        seen = numpy.nonzero(counts)[0]
        letters = [[SYMBOLS[place // 27**power % 27] for place in seen] for power in (3, 2, 1, 0)]
        table = {"context": ["".join(three) for three in zip(*letters[:3])], "next": letters[3],
                 "count": pyarrow.array(counts[seen])}
        parquet.write_table(pyarrow.table(table), scratch / "counts.parquet")
        subprocess.run([PROGRAM, "train", "--counts", scratch / "counts.parquet", "--family", "kneser-ney",
                        "--context", "3", "--counts-context", "3", "--out", scratch / "teacher", "--json"],
                       stdout=subprocess.DEVNULL, check=True)
        train(folder, scratch / "context 3", *STUDENTS, "--teacher", scratch / "teacher")


if __name__ == "__main__":
    main()
