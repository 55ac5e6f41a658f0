#!/usr/bin/env python3
"""Do names learnt from a small list read like names? Ten lists of 100 to 600 names, in nine languages.

    bench/readability.py [FOLDS]     FOLDS (default 10): each holds out another tenth of a list

A name reads badly if it has a pair or triple of neighbouring letters that no name of the list has. The table shows, in
percent, the share of such names among 500 new ones from `nextchar generate` (as it draws by default, and from the
whole distribution with `--top-p 1`), namemaker and markovify (both of order 3, as `bench/generate` runs them), and
among the held-out real names: with an unseen pair, with an unseen triple; and, third, the share of all drawn names
that are copied from the list. In the last row stands the 95 % interval of the first share, over all folds. Losses are
on the held-out names, in nats per predicted character. The names that Faker brings are fetched into bench/.cache.

Fails if the default names have an unseen pair more often than the held-out real names, over all lists: that is the
promise of the default.
"""

import json
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
    found = json.loads(done.stdout)
    return found["new"], 1 - len(found["new"]) / found["draws"]


def fold(folder, names, number, folds):
    """What one fold tells: shares of names with unseen pairs and triples, the share copied, the losses."""
    held_out = names[number::folds]
    known = [name for name in names if name not in set(held_out)]
    (folder / "list.txt").write_text("\n".join(known) + "\n")
    (folder / "other.txt").write_text("\n".join(held_out) + "\n")
    answer("train", "list.txt", cwd=folder)
    loss = answer("evaluate", "other.txt", "-m", "nextchar.safetensors", "--names", "0", cwd=folder)
    def drawn(*options):
        """New names, and the share of names that would have been copies."""
        draw = lambda *more: nextchar("generate", "-m", "nextchar.safetensors", "-n", NAMES, *options, *more,
                                      cwd=folder).split("\n")[:-1]
        new = draw("--novel")
        expect(len(new) == NAMES, f"{len(new)} of {NAMES} new names were drawn")
        return new, sum(name in set(known) for name in draw()) / NAMES

    written = {
        "held out": (held_out, 0),
        "the default": drawn(),
        "`--top-p 1`": drawn("--top-p", "1"),
        "namemaker": rival("namemaker", folder / "list.txt"),
        "markovify": rival("markovify", folder / "list.txt"),
    }
    shares = {way: [unseen(found, known, 2), unseen(found, known, 3), copied]
              for way, (found, copied) in written.items()}
    return shares, loss["loss"], loss["loss"] + loss["margin"]["difference"]


def main():
    folds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    build()
    print("| list | names | " + " | ".join(COLUMNS) + " | loss | Kneser–Ney |")
    print("|---" * (len(COLUMNS) + 4) + "|", flush=True)
    everything = []
    with tempfile.TemporaryDirectory() as place:
        for label, names in lists():
            random.Random(1).shuffle(names)
            names = names[:LARGEST]
            found = [fold(Path(place), names, number, folds) for number in range(folds)]
            everything += found
            loss, counts = (statistics.mean(row[i] for row in found) for i in (1, 2))
            cells = " | ".join(cell([shares[way] for shares, *_ in found]) for way in COLUMNS)
            print(f"| {label} | {len(names)} | {cells} | {loss:.4f} | {counts:.4f} |", flush=True)
    cells = [[shares[way] for shares, *_ in everything] for way in COLUMNS]
    print("| all | | " + " | ".join(cell(rows, interval=True) for rows in cells) + " | | |")
    own, default = (statistics.mean(row[0] for row in rows) for rows in cells[:2])
    expect(default <= own, "default names have unseen pairs more often than real ones")


def cell(rows, interval=False):
    """Shares with unseen pairs, with unseen triples, and copied: the means over folds, in percent."""
    pairs, triples, copied = ([100 * row[i] for row in rows] for i in range(3))
    margin = f" ± {1.96 * statistics.stdev(pairs) / len(pairs) ** 0.5:.1f}" if interval and len(pairs) > 1 else ""
    return f"{statistics.mean(pairs):.1f}{margin}, {statistics.mean(triples):.0f}, {statistics.mean(copied):.0f}"


if __name__ == "__main__":
    main()
