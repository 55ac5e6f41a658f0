"""Names per second, and names under hard conditions, beside other generators: interleaved, in one run.

    bench/generate [--rounds 3] [--only abc]

Prints the tables of bench/RESULTS.md; a figure is the median of the rounds, with the smallest and the
largest in parentheses. Fails if a generator writes fewer names than were asked for, if the mean lengths of names
from the same model differ, or if a name does not meet its conditions.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import PROGRAM, ROOT, answer, expect, fail, finished, listed, run

PYTHON = [ROOT / "bench/.cache/generate/bin/python", ROOT / "bench/rivals/markov.py"]
RAW = ["cargo", "bench", "--quiet", "-p", "nextchar-parallel", "--bench", "names", "--"]
RUST = ROOT / "bench/.cache/multimarkov/release/bench-multimarkov"
LONGEST = 15

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--only", default="abc", help="the sections to run, such as ab")
args = parser.parse_args()
scratch = Path(tempfile.mkdtemp())
MODELS = {
    3: ("lecture's network, context 3, 11,897 parameters",
        ["--preset", "kaiming", "--context", "3", "--embedding", "10", "--hidden", "200", "--steps", "50000"]),
    6: ("residual network, context 6, 88,059 parameters",
        ["--preset", "kaiming", "--residual", "--activation", "gelu", "--context", "6", "--embedding", "16",
         "--hidden", "240,240", "--optimizer", "adamw", "--weight-decay", "0.1", "--schedule", "cosine",
         "--batch", "256", "--learning-rate", "0.008", "--dropout", "0.25", "--steps", "4000"]),
}


def model(context):
    path = scratch / f"{context}.safetensors"
    if not path.exists():
        finished(answer("train", "indian-names", "--out", path, *MODELS[context][1]), int(MODELS[context][1][-1]))
    return path


def generate(context, count, *options):
    longest = () if "--max-length" in options else ("--max-length", LONGEST)
    shortest = () if "--min-length" in options else ("--min-length", 1)
    return [str(part) for part in
            [PROGRAM, "generate", "-m", model(context), "-n", count, *shortest, *longest, *options]]


def words(command):
    """The names that a command prints; as many as it was asked for."""
    names = run(*command).stdout.split()
    wanted = int(command[command.index("-n") + 1])
    expect(len(names) == wanted, f"{len(names):,} of {wanted:,} names were written: {' '.join(command)}")
    return names


def to_pipe(command, names):
    """Names per second as text through a pipe, and their mean length; `wc` counts them."""
    start = time.perf_counter()
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    counted = subprocess.run(["wc", "-lc"], stdin=first.stdout, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    lines, size = map(int, counted.stdout.split())
    expect(first.wait() == 0 and lines == names, f"{lines:,} of {names:,} names were written: {' '.join(command)}")
    return names / seconds, (size - lines) / lines


def to_nowhere(command, names):
    """Names per second to /dev/null; the program says so if it writes fewer."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    expect(done.returncode == 0 and "gave up" not in done.stderr, f"{' '.join(command)}: {done.stderr}")
    return names / seconds, None


def rival(command, names):
    """Names per second and their mean length, as a competitor reports them."""
    found = json.loads(run(*command).stdout)
    expect(found["names"] >= names, f"{found['names']:,} of {names:,} names were written: {command}")
    return found["names"] / found["seconds"], found["letters"] / found["names"]


def rows(competitors, unit, label, lengths=()):
    """Runs every competitor once per round; prints a table of rates, and of how many times faster ours is.

    The mean lengths of the names of each group in `lengths` may differ by its tolerance.
    """
    found = {name: [] for name in competitors}
    means = {}
    for _ in range(args.rounds):
        for name, measure in competitors.items():
            rate, mean = measure()
            found[name].append(rate)
            means[name] = mean
    for group, tolerance in lengths:
        measured = {name: means[name] for name in group if means[name] is not None}
        expect(max(measured.values()) - min(measured.values()) < tolerance, f"the mean lengths differ: {measured}")
    print(f"\n| method | {label} | times slower than ours |\n|---|---|---|")
    base = statistics.median(next(iter(found.values())))
    for name, rates in found.items():
        middle = statistics.median(rates)
        spread = f"{min(rates) / unit:.3g}–{max(rates) / unit:.3g}"
        print(f"| {name} | {middle / unit:.3g} ({spread}) | {base / middle:.3g} |")
    sys.stdout.flush()


def free():
    print("\n## Names per second without conditions (10⁶ names/s; context 3)\n\n"
          f"The model is the {MODELS[3][0]}. As text, the time is that of the whole program for ours (with its start, "
          "reading the model and filling the tables) and that of the loop alone for the others; as tokens, it is "
          "that of the loop for all, in which ours also fills its tables.")
    names = scratch / "names"
    names.write_text("\n".join(listed("indian-names")))
    many = 20_000_000

    def alias(count, *options):
        return lambda: rival([*PYTHON, "alias", model(3), count, *options], count)

    def markov(command, count):
        return lambda: rival([*command, names, count], count)

    def raw(count, threads):
        return lambda: rival([*RAW, model(3), count, threads, LONGEST], count)

    def text(measure, count, *options):
        return lambda: measure(generate(3, count, *options), count)

    one = ("--threads", 1)
    two = ("--processes", 2)
    same_model = {
        "nextchar, two threads, tokens only": raw(5 * many, 2),
        "nextchar, one thread, tokens only": raw(2 * many, 1),
        "nextchar, two threads, to /dev/null": text(to_nowhere, many),
        "nextchar, two threads, as text to a pipe": text(to_pipe, many),
        "nextchar, one thread, to /dev/null": text(to_nowhere, many // 4, *one),
        "nextchar, one thread, as text to a pipe": text(to_pipe, many // 4, *one),
        "NumPy alias table, same model, one process, tokens only": alias(4_000_000),
        "NumPy alias table, same model, one process, as text": alias(4_000_000, "--decoded"),
        "NumPy alias table, same model, two processes, tokens only": alias(8_000_000, *two),
        "NumPy alias table, same model, two processes, as text": alias(8_000_000, *two, "--decoded"),
    }
    counts = {
        "multimarkov 1.1.0 (Rust), order 3": markov([RUST], 1_000_000),
        "namemaker 1.2 (Python), order 3": markov([*PYTHON, "namemaker"], 50_000),
        "markovify 0.9.4 (Python), order 3": markov([*PYTHON, "markovify"], 50_000),
    }
    rows({**same_model, **counts}, 1e6, "10⁶ names/s", [(list(same_model), 0.01), (list(counts), 0.2)])


def on_demand():
    print("\n## Names per second with longer contexts (thousands; contexts are evaluated on demand)\n\n"
          f"The model is the {MODELS[6][0]}; text to a pipe, the whole program.")
    competitors = {f"{count:,} names, {threads} thread(s)":
                   (lambda count=count, threads=threads: to_pipe(generate(6, count, "--threads", threads), count))
                   for threads in (2, 1) for count in (1_000_000, 100_000)}
    rows(competitors, 1e3, "10³ names/s")


# The conditions: options, the same as a regular expression, and one for the prefixes that may still fit.
SIX = r".{0,4}|.{4}y|.{4}ya"
CASES = {
    "six letters ending in ya": (["--min-length", 6, "--max-length", 6, "--suffix", "ya"], r"....ya", SIX),
    "begins with sh, ends with a, seven letters":
        (["--min-length", 7, "--max-length", 7, "--prefix", "sh", "--suffix", "a"], r"sh....a", r"s?|sh.{0,4}|sh.{4}a"),
    "matches (ma\\|ra).*[aeiou]n[aeiou]":
        (["--pattern", "(ma|ra).*[aeiou]n[aeiou]"], r"(ma|ra).*[aeiou]n[aeiou]", r"[mr]?|[mr]a.*"),
    "six letters ending in ya, new":
        (["--min-length", 6, "--max-length", 6, "--suffix", "ya", "--novel"], r"....ya", SIX),
    "new": (["--novel"], r".*", r".*"),
}


def lower_bound(context, prefix, draws):
    """About how many contexts any exact sampler must evaluate that learns about a context only by evaluating it:
    those that this many unconditional draws reach while they may still fit. If it skipped one of them, names
    through that context could have had any share in its output."""
    test, met = re.compile(prefix), set()
    for name in words(generate(context, draws, "--seed", "least")):
        for end in range(len(name) + 1):
            if not test.fullmatch(name[:end]):
                break
            met.add((min(end, context), name[max(0, end - context):end]))
    return len(met)


def until_different(context, options, wanted):
    """How many names that fit, repetitions included, it takes until `wanted` of them are different. The exact
    conditional draws stand in for the loop's: they have the same distribution."""
    count = 4 * wanted
    while True:
        seen = set()
        for drawn, name in enumerate(words(generate(context, count, *options)), start=1):
            seen.add(name)
            if len(seen) == wanted:
                return drawn
        count *= 4


# Rounds of 300,000 unconditional draws after which the filter gives up.
FILTER_ROUNDS = 1000


def filtering(context, pattern, new, wanted, known):
    """How many characters and ends the plain loop draws until enough names fit, and the seconds of our
    unconditional draws followed by a filter; both are measured on a tenth of the names, since they grow in
    proportion."""
    wanted = wanted // 10
    test, start, found, evaluated = re.compile(pattern), time.perf_counter(), 0, 0
    for seed in range(1, FILTER_ROUNDS + 1):
        for name in words(generate(context, 300_000, "--seed", f"filter {seed}")):
            evaluated += len(name) + 1
            if test.fullmatch(name) and not (new and name in known):
                found += 1
                if found == wanted:
                    return evaluated * 10, (time.perf_counter() - start) * 10
    fail(f"{pattern}: only {found} of {wanted} names came through the filter")


def first_name(command, fits):
    """The median time from the start of the program to its first name."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        name = process.stdout.readline().rstrip("\n")
        times.append(time.perf_counter() - start)
        process.kill()
        process.wait()
        expect(fits(name), f"{name!r} does not meet the conditions: {' '.join(command)}")
    return statistics.median(times)


def conditional(context, wanted, options, fits, different):
    """Seconds for the names of a condition, and what the program reports about them."""
    options = [*options, *["--unique"] * different]
    command = generate(context, wanted, *options)
    start = time.perf_counter()
    names = words(command)
    seconds = time.perf_counter() - start
    expect(all(map(fits, names)), f"a name does not meet the conditions: {' '.join(command)}")
    expect(not different or len(set(names)) == wanted, f"the names repeat: {' '.join(command)}")
    report = json.loads(run(*command, "--json").stdout.splitlines()[-1])
    return seconds, report, first_name(generate(context, 1, *options), fits)


def hard():
    known = set(listed("indian-names"))
    for context, wanted in ((3, 20_000), (6, 5_000)):
        tables = {False: [], True: []}
        for name, (options, pattern, prefix) in CASES.items():
            new, test = "--novel" in options, re.compile(pattern)

            def fits(word):
                return bool(word and test.fullmatch(word)) and not (new and word in known)

            by_filter, filter_seconds = filtering(context, pattern, new, wanted, known)
            for different, table in tables.items():
                seconds, report, first = conditional(context, wanted, options, fits, different)
                probability, evaluated = report["constraint_probability"], report["evaluations"]
                fitting = until_different(context, options, wanted) if different else wanted
                plain = round(by_filter * fitting / wanted)
                fewest = f"{lower_bound(context, prefix, round(fitting / probability)):,}" if context > 3 else "–"
                table.append(f"| {name} | {probability:.4e}, {report['method']} | {fitting:,} | {evaluated:,} | {fewest} "
                             f"| {plain:,} | **{plain / evaluated:,.0f}** | {seconds:.2f} | {first * 1e3:.0f} "
                             f"| {filter_seconds * fitting / wanted:.1f} |")
        for different, table in tables.items():
            print(f"\n## Hard conditions, {wanted:,} names{', all different' * different}: the {MODELS[context][0]}\n\n"
                  "| condition | probability, method | names that fit | contexts evaluated | lower bound "
                  "| by draw and filter | ratio | seconds | first name, ms | unconditional draws and a filter, seconds |\n"
                  "|---|---|---|---|---|---|---|---|---|---|")
            print("\n".join(table), flush=True)


sections = {"a": free, "b": on_demand, "c": hard}
for letter, section in sections.items():
    if letter in args.only:
        section()
