#!/usr/bin/env python3
"""Do names learnt from a small list read like names? Ten lists of 100 to 600 names, in nine languages.

    bench/readability.py [FOLDS]     FOLDS (default 10): each holds out another tenth of a list

A name reads badly if it has a pair or triple of neighbouring letters that no name of the list has. The table shows
the share of such names among 500 new ones from `nextchar generate` (as it draws by default, and from the whole
distribution with `--top-p 1`), namemaker and markovify (both of order 3, as `bench/generate` runs them), and among
the held-out real names. *Copied* is the share of drawn names that are in the list, before those are left out. Losses
are on the held-out names, in nats per predicted character. The names that Faker brings are fetched into bench/.cache.

Fails if the default names have an unseen pair more often than the held-out real names, over all lists: that is the
promise of the default.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

from common import ROOT, answer, build, expect, listed, nextchar
from noise import FAKER, constants, members

PYTHON = ROOT / "bench/.cache/generate/bin/python"
NAMES, LARGEST, LISTS_OF_FAKER = 500, 600, {
    "Russian surnames": ("ru_RU", "^last_names_male"),
    "German surnames": ("de_DE", "^last_names"),
    "Ukrainian surnames": ("uk_UA", "^last_names"),
    "Turkish first names": ("tr_TR", "^first_names"),
    "Hindi first names": ("hi_IN", "^first_names"),
    "Hebrew first names": ("he_IL", "^first_names"),
}
EMBEDDED = ["italian-names", "finnish-names", "animals", "tamil-names"]
COLUMNS = ["held out", "the default", "`--top-p 1`", "namemaker", "markovify"]


def lists():
    """Each list: at most 600 different names, in an order that does not depend on the package."""
    for name in EMBEDDED:
        yield name, listed(name)
    for name, (locale, variables) in LISTS_OF_FAKER.items():
        (source,) = members(FAKER, rf"faker/providers/person/{locale}/__init__\.py")
        names = {unicodedata.normalize("NFC", name).strip() for name in constants(source, variables)}
        yield name, sorted(name for name in names if name and " " not in name)


def groups(name, length):
    return {name[place:place + length] for place in range(len(name) - length + 1)}


def unseen(names, known, length):
    """The share of names that have a group of letters which no name of the list has."""
    seen = set().union(*(groups(name, length) for name in known))
    return sum(not groups(name, length) <= seen for name in names) / len(names)


def rival(way, file):
    done = subprocess.run([PYTHON, ROOT / "bench/rivals/markov.py", way, file, str(NAMES), "--new"],
                          capture_output=True, text=True)
    expect(done.returncode == 0, f"{way}: {done.stderr[-500:]}")
    return done.stdout.split("\n")[:-1]


def fold(folder, names, number, folds):
    """What one fold tells: shares of names with unseen pairs and triples, the share copied, the losses."""
    held_out = names[number::folds]
    known = [name for name in names if name not in set(held_out)]
    (folder / "list.txt").write_text("\n".join(known) + "\n")
    (folder / "other.txt").write_text("\n".join(held_out) + "\n")
    answer("train", "list.txt", cwd=folder)
    loss = answer("evaluate", "other.txt", "-m", "nextchar.safetensors", "--names", "0", cwd=folder)
    draw = lambda *options: nextchar("generate", "-m", "nextchar.safetensors", "-n", NAMES, *options, cwd=folder).split("\n")[:-1]
    written = {
        "held out": held_out,
        "the default": draw("--novel"),
        "`--top-p 1`": draw("--novel", "--top-p", "1"),
        "namemaker": rival("namemaker", folder / "list.txt"),
        "markovify": rival("markovify", folder / "list.txt"),
    }
    fewer = {way: len(found) for way, found in written.items() if way in COLUMNS[1:3] and len(found) < NAMES}
    expect(not fewer, f"fewer names than asked for: {fewer}")
    shares = {way: [unseen(found, known, length) for length in (2, 3)] for way, found in written.items() if found}
    copied = sum(name in set(known) for name in draw()) / NAMES
    return shares, copied, loss["loss"], loss["loss"] + loss["margin"]["difference"]


def main():
    folds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    build()
    head = "| list | names | " + " | ".join(COLUMNS) + " | copied | loss | Kneser–Ney |"
    print(head + "\n" + "|---" * (len(COLUMNS) + 5) + "|", flush=True)
    means = {way: [] for way in COLUMNS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for label, names in lists():
            random.Random(1).shuffle(names)
            names = names[:LARGEST]
            found = [fold(folder, names, number, folds) for number in range(folds)]
            cells = []
            for way in COLUMNS:
                pairs, triples = (statistics.mean(shares[way][i] for shares, *_ in found if way in shares) for i in (0, 1))
                means[way].append((pairs, triples))
                cells.append(f"{100 * pairs:.1f}, {100 * triples:.0f} %")
            copied, loss, counts = (statistics.mean(row[i] for row in found) for i in (1, 2, 3))
            print(f"| {label} | {len(names)} | " + " | ".join(cells) + f" | {100 * copied:.0f} % | {loss:.4f} | {counts:.4f} |",
                  flush=True)
    mean = {way: [statistics.mean(row[i] for row in rows) for i in (0, 1)] for way, rows in means.items()}
    cells = " | ".join(f"{100 * pairs:.1f}, {100 * triples:.0f} %" for pairs, triples in mean.values())
    print(f"| mean | | {cells} | | | |")
    expect(mean["the default"][0] <= mean["held out"][0], "default names have unseen pairs more often than real ones")


if __name__ == "__main__":
    main()
