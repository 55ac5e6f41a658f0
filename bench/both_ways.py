#!/usr/bin/env python3
"""The best model with a context of three characters: names read forwards and backwards teach it.

    bench/both_ways.py FOLDER [NAMES]     FOLDER with train.txt, val.txt and test.txt of the published split
                                          (see bench/published.sh); NAMES is the number of names that each
                                          reader writes (default 20,000,000)

p(next | last three), the distribution of the character after the last three, is the same whichever direction
names are read in, so a model that reads them backwards is a second opinion on it. Two readers in each direction
write names; the windows of these names, counted together with those of the real names, are a teacher in the form
of a Parquet file of counts. Three networks learn what it predicts and are mixed with the Kneser–Ney counts of the
real names. Needs numpy and pyarrow, and half an hour. Fails if the result misses its target.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import pyarrow
from pyarrow import parquet

from common import PROGRAM, answer, build, expect, finished

SYMBOLS = "_abcdefghijklmnopqrstuvwxyz"
READERS = [
    ["--preset", "best", "--networks", "4", "--good-turing"],
    ["--preset", "best", "--networks", "4", "--good-turing", "--context", "7", "--hidden", "320,320",
     "--embedding", "24", "--dropout", "0.35", "--seed", "2"],
]
# The share of the real names in all windows, chosen on the validation names.
REAL = 0.275
# The loss to reach on the validation names and on the test names.
TARGET = 2.038
STUDENTS = ["--networks", "3", "--context", "3", "--embedding", "24", "--hidden", "256,256", "--steps", "8000",
            "--family", "mixture", "--counts-context", "3", "--preset", "best"]


def train(folder, out, *options):
    lists = [folder / "train.txt", "--val", folder / "val.txt", "--test", folder / "test.txt"]
    result = finished(answer("train", *lists, "--keep-duplicates", *options, "--out", out))
    print(f"{out.name}: val {result['val_loss']:.4f}, test {result['test_loss']:.4f}, {result['seconds']:.0f} s",
          flush=True)
    return result


def windows(read, backwards=False):
    """[27⁴]: how often each character, or the end, follows each three; `read` returns the next piece of text."""
    numbers = numpy.zeros(256, numpy.int64)
    numbers[[ord(character) for character in SYMBOLS[1:]]] = range(1, 27)
    counts, rest = numpy.zeros(27**4, numpy.int64), b""
    while block := read(1 << 24):
        lines, end, rest = (rest + block).rpartition(b"\n")
        # Reversing the text reverses each name, and also the order of the names, which does not matter.
        text = lines[::-1] + end if backwards else lines + end
        tokens = numbers[numpy.frombuffer(b"\n\n\n" + text, numpy.uint8)]
        # Before the first character of a line there is only padding.
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
    status = writing.wait()
    ends = counts[::27].sum()
    expect(status == 0 and ends == names, f"{ends:,} of {names:,} names were drawn (exit status {status})")
    return counts


def main():
    folder, names = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20_000_000
    build()
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
        symbols = [[SYMBOLS[index // 27**power % 27] for index in seen] for power in (3, 2, 1, 0)]
        table = {"context": ["".join(three) for three in zip(*symbols[:3])], "next": symbols[3],
                 "count": pyarrow.array(counts[seen])}
        parquet.write_table(pyarrow.table(table), scratch / "counts.parquet")
        answer("train", "--counts", scratch / "counts.parquet", "--family", "kneser-ney",
               "--context", "3", "--counts-context", "3", "--out", scratch / "teacher")
        result = train(folder, scratch / "context 3", *STUDENTS, "--teacher", scratch / "teacher")
        if names >= 20_000_000:
            expect(max(result["val_loss"], result["test_loss"]) <= TARGET, f"the losses are above {TARGET}")


if __name__ == "__main__":
    main()
