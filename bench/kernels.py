"""GFLOP/s of every kernel and the machine's limit, from the results that `cargo bench -p nextchar-kernels`
left in target/criterion. That the kernels compute the right numbers is tested in crates/kernels/tests."""

import json

from common import ROOT, expect

RESULTS = ROOT / "target/criterion"
LIMIT = "limit of multiply-adds"


def rate(folder):
    """10⁹ elements per second, by the median time."""
    work = json.loads((folder / "new/benchmark.json").read_text())["throughput"]["Elements"]
    nanoseconds = json.loads((folder / "new/estimates.json").read_text())["median"]["point_estimate"]
    return work / nanoseconds


groups = {}
for file in sorted(RESULTS.glob("*/*/new/benchmark.json")):
    found = json.loads(file.read_text())
    groups.setdefault(found["group_id"], {})[found["function_id"]] = rate(file.parent.parent)
expect(LIMIT in groups and len(groups) > 1, f"no results in {RESULTS}: run `cargo bench -p nextchar-kernels` first")
limit = groups.pop(LIMIT)
sets = sorted(limit)
for group, found in groups.items():
    missing = {*sets, "portable"} - set(found)
    expect(not missing, f"{group}: no result for {', '.join(sorted(missing))}")
print("| kernel | " + " | ".join(sets) + " | portable |\n|---|" + "---|" * (len(sets) + 1))
print(f"| {LIMIT}, GFLOP/s | " + " | ".join(f"{limit[s]:.0f}" for s in sets) + " | |")
for group, found in groups.items():
    product = "·" in group or "→" in group
    cells = [f"{found[s]:.0f} ({found[s] / limit[s]:.0%})" if product else f"{found[s]:.1f}" for s in sets]
    print(f"| {group}{', GFLOP/s' if product else ', 10⁹/s'} | " + " | ".join(cells)
          + f" | {found['portable']:.1f} |")
