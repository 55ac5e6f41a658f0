#!/usr/bin/env python3
"""Is it a name? The verdict of `nextchar score` after training on 5,000 Indian names, tested on the others.

    bench/plausibility.py [TRAIN OPTION ...]      such as: --preset best

Compares held-out names with their own letters shuffled and with uniformly random letters of the same lengths.
Prints the area under the ROC curve with 95 % intervals (bootstrap over words), the areas of single statistics, the
errors by length, the false-rejection rate against the promised one, and the same verdict after training on other
numbers of names. A list is split as always: of 6,250 names the network learns from 5,000; the others choose the
step and calibrate the verdict. Names that are also in `world-names`, the list behind the background model, are
counted separately. At the end comes a limit: names that the model itself wrote, against uniform letters. For these,
ln P is known exactly, so ln P minus that of uniform letters is the best possible statistic (Neyman–Pearson), and
its area estimates what is possible without knowledge from outside the list.

Fails if a word is not scored, or (with the default options) if the verdict's area falls below its floor.
"""

import bisect
import json
import math
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from common import answer, build, expect, finished, listed, nextchar

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TRAINING_NAMES = 5000
# The smallest areas of the default model to accept, against shuffles and against uniform letters.
FLOORS = {"shuffles": 0.97, "uniform": 0.999}
CURVE = (240, 1000, 5000, 20_000)
ROUNDS = 200


def score(model, words):
    lines = nextchar("score", "-m", model, "--file", "-", "--json", input="\n".join(words) + "\n").splitlines()
    expect(len(lines) == len(words), f"{len(lines):,} of {len(words):,} words were scored")
    return [json.loads(line) for line in lines]


def placements(names, others):
    """For each name, the share of others with a lower score; ties count half."""
    others = sorted(others)
    both = [bisect.bisect_left(others, x) + bisect.bisect_right(others, x) for x in names]
    return [count / 2 / len(others) for count in both]


def auc(names, others):
    shares = placements(names, others)
    return sum(shares) / len(shares)


def interval(names, others, rng):
    """95 %, by bootstrap: each round resamples the names and the other words."""
    found = sorted(
        auc(rng.choices(names, k=len(names)), rng.choices(others, k=len(others))) for _ in range(ROUNDS)
    )
    return found[round(0.025 * ROUNDS)], found[round(0.975 * ROUNDS) - 1]


def statistics(letter_shares):
    uniform = math.log(len(LETTERS))
    unigram = lambda row: sum(letter_shares[letter] for letter in row["text"])
    return {
        "the verdict": lambda row: row["score"],
        "ln P per character": lambda row: row["per_char"],
        "ln P": lambda row: row["log_prob"],
        "ln P − ln P of uniform letters": lambda row: row["log_prob"] + uniform * len(row["text"]),
        "ln P − ln P of unigram letters": lambda row: row["log_prob"] - unigram(row),
    }


class Judged:
    """The scores that a model trained on some of the names gives to the other names, and to words that are not names."""

    def __init__(self, folder, training_names):
        names = listed("indian-names")
        random.Random(1).shuffle(names)
        cut = training_names * 10 // 8
        self.learned, self.others, self.rng = names[:cut], names[cut:], random.Random(2)
        shuffles = (("".join(self.rng.sample(name, len(name))), name) for name in self.others)
        self.words = {
            "names": self.others,
            "shuffles": [word for word, name in shuffles if word != name],
            "uniform": ["".join(self.rng.choices(LETTERS, k=len(name))) for name in self.others],
        }
        listing, self.model = Path(folder, "list.txt"), str(Path(folder, "model.safetensors"))
        listing.write_text("\n".join(self.learned) + "\n")
        finished(answer("train", listing, "--out", self.model, *sys.argv[1:]))
        self.rows = {kind: score(self.model, words) for kind, words in self.words.items()}

    def area(self, other, statistic=lambda row: row["score"], among=None, bounds=False):
        """The area of names (only those in `among`, if given) against other words."""
        names = [statistic(row) for row in self.rows["names"] if among is None or row["text"] in among]
        other = [statistic(row) for row in self.rows[other]]
        low_high = " ({:.5f} to {:.5f})".format(*interval(names, other, self.rng)) if bounds else ""
        return f"{auc(names, other):.5f}{low_high}"


def check_floors(columns):
    for area, (kind, floor) in zip(columns, FLOORS.items()):
        expect(float(area.split()[0]) >= floor, f"the verdict's area against {kind} is {area}, below {floor}")


def main():
    build()
    world = set(listed("world-names"))
    with tempfile.TemporaryDirectory() as folder:
        judged = Judged(folder, TRAINING_NAMES)
        others, rng = judged.others, judged.rng
        held, apart, blind = judged.rows.values()
        new = set(others) - world
        counts = Counter("".join(judged.learned))
        total = sum(counts.values())
        shares = {letter: math.log((counts[letter] + 1) / (total + 26)) for letter in LETTERS}
        print(f"{TRAINING_NAMES:,} training names, {len(others):,} names to judge, "
              f"of which {len(others) - len(new):,} are also in world-names\n")
        print("| statistic | against shuffles | against uniform letters |\n|---|---|---|")
        for label, statistic in statistics(shares).items():
            bounds = label == "the verdict"
            columns = [judged.area(other, statistic, bounds=bounds) for other in ("shuffles", "uniform")]
            print(f"| {label} | {' | '.join(columns)} |")
            if bounds:
                if not sys.argv[1:]:
                    check_floors(columns)
                columns = [judged.area(other, among=new, bounds=True) for other in ("shuffles", "uniform")]
                print(f"| the verdict, names not in world-names | {' | '.join(columns)} |")

        print("\n| letters | names | area against uniform letters of this length | share of all errors |\n|---|---|---|---|")
        own, other = ([row["score"] for row in rows] for rows in (held, blind))
        misses = [1 - share for share in placements(own, other)]
        for length in range(3, 13):
            where = [i for i, name in enumerate(others) if len(name) == length]
            within = auc([own[i] for i in where], [other[i] for i in where])
            share = sum(misses[i] for i in where) / sum(misses)
            print(f"| {length} | {len(where):,} | {within:.5f} | {100 * share:.0f} % |")

        print("\n| promised false rejection | names rejected | shuffles rejected | uniform letters rejected |")
        print("|---|---|---|---|")
        for promised in (0.01, 0.02, 0.05):
            cells = []
            for rows in (held, apart, blind):
                rejected = sum(row["percentile"] < 100 * promised for row in rows)
                cells.append(f"{100 * rejected / len(rows):.2f} %")
            print(f"| {100 * promised:.0f} % | {' | '.join(cells)} |")

        drawn = nextchar("generate", "-m", judged.model, "-n", "30000", "--seed", "7").split()
        blind = ["".join(rng.choices(LETTERS, k=len(name))) for name in drawn]
        best = statistics(shares)["ln P − ln P of uniform letters"]
        own, other = ([best(row) for row in score(judged.model, words)] for words in (drawn, blind))
        low, high = interval(own, other, rng)
        print(f"\nThe model's own names against uniform letters, by the best possible statistic: "
              f"{auc(own, other):.5f} ({low:.5f} to {high:.5f})")

        print("\n| training names | against shuffles | against uniform letters | the same, names not in world-names |")
        print("|---|---|---|---|")
        for training_names in CURVE:
            judged = Judged(folder, training_names)
            columns = [judged.area("shuffles"), judged.area("uniform", bounds=True), judged.area("uniform", among=new)]
            print(f"| {training_names:,} | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
