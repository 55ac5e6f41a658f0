#!/usr/bin/env bash
# The published figures of the lecture's network, reproduced with the literal loop.
#
#   bench/published.sh FOLDER     FOLDER holds train.txt, val.txt and test.txt: makemore's names.txt
#                                 after random.seed(42), shuffled, split 80/10/10 by name
#
# Prints a row for each preset; bench/RESULTS.md keeps them with date and machine. Fails if a run does not
# finish, or if a loss is worse than the published one by more than 0.01.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-}
if [[ ! -f $folder/train.txt || ! -f $folder/val.txt || ! -f $folder/test.txt ]]; then
    echo "usage: bench/published.sh FOLDER (with train.txt, val.txt and test.txt)" >&2
    exit 2
fi

[[ -n ${NEXTCHAR:-} ]] || cargo build --release --quiet
program=${NEXTCHAR:-target/release/nextchar}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

printf '| preset | published val | published test | val | test | training |\n|---|---|---|---|---|---|\n'
row() {
    local preset=$1 published_val=$2 published_test=$3
    "$program" train "$folder/train.txt" --val "$folder/val.txt" \
        --test "$folder/test.txt" --keep-duplicates --preset "$preset" \
        --out "$scratch/$preset.safetensors" --json 2>"$scratch/messages" >"$scratch/result" ||
        { cat "$scratch/messages" >&2; exit 1; }
    PYTHONPATH=bench python3 -c '
import json, sys
from common import expect, finished
preset, *published = sys.argv[1:]
found = finished(json.load(sys.stdin), 200_000)
losses = found["val_loss"], found["test_loss"]
print("| `{}` | {} | {} | {:.4f} | {:.4f} | {:.1f} s |".format(
    preset, *published, *losses, found["train_seconds"]), flush=True)
worse = [loss for loss, known in zip(losses, published) if loss > float(known) + 0.01]
expect(not worse, "{}: worse than published by more than 0.01: {}".format(preset, worse))
' "$preset" "$published_val" "$published_test" <"$scratch/result"
}
row part2 2.1696 2.1631
row kaiming 2.1070 2.1050
