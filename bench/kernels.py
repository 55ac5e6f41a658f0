"""GFLOP/s of every kernel beside the machine's limit, from what `cargo bench -p nextchar-kernels`
left in target/criterion."""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent / "target/criterion"


def rate(folder):
    """10⁹ elements a second, by the median time."""
    work = json.loads((folder / "new/benchmark.json").read_text())["throughput"]["Elements"]
    nanoseconds = json.loads((folder / "new/estimates.json").read_text())["median"]["point_estimate"]
    return work / nanoseconds


groups = {}
for file in sorted(ROOT.glob("*/*/new/benchmark.json")):
    found = json.loads(file.read_text())
    groups.setdefault(found["group_id"], {})[found["function_id"]] = rate(file.parent.parent)
limit = groups.pop("limit of multiply-adds")
sets = sorted(limit)
print("| kernel | " + " | ".join(sets) + " | portable |\n|---|" + "---|" * (len(sets) + 1))
print("| limit of multiply-adds, GFLOP/s | " + " | ".join(f"{limit[s]:.0f}" for s in sets) + " | |")
for group, found in groups.items():
    product = "·" in group or "→" in group
    cells = [f"{found[s]:.0f} ({found[s] / limit[s]:.0%})" if product else f"{found[s]:.1f}" for s in sets]
    print(f"| {group}{', GFLOP/s' if product else ', 10⁹/s'} | " + " | ".join(cells)
          + f" | {found['portable']:.1f} |")
