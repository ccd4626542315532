#!/usr/bin/env bash
# What the proofs cost the way of a transfer: the same bench with and without them, in turns.
# Usage: tests/bench/proofs.sh [ROUNDS] [FLAGS OF THE BENCH...]
#
# Without means: no salts, no inner tree, no tiles, no checkpoints. There is no flag for that, and books
# written so fail every audit: it is a patch on a copy of the source, built beside this one.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${1:-3}
shift || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The copy is built in a folder of its own: cargo would take what it made for the same crates.
target=${CARGO_TARGET_DIR:-$root/target}

build() { # folder, name of the binary, target folder
  (cd "$1" && CARGO_TARGET_DIR=$3 cargo build --quiet --release --locked --package counterfoil)
  cp "$3/release/counterfoil" "$work/$2"
}
build "$root" with "$target"
mkdir "$work/copy"
(cd "$root" && git ls-files -z | xargs -0 cp --parents -t "$work/copy")
python3 - "$work/copy/crates/engine/src" <<'PATCH'
import pathlib, sys
source = pathlib.Path(sys.argv[1])
def replace(name, old, new):
    path = source / name
    text = path.read_text()
    assert text.count(old) == 1, (name, old)
    path.write_text(text.replace(old, new))
replace("commit.rs", "        salted_leaves(&seed, bytes, spans, &mut self.leaves);\n",
        "        let _ = (salted_leaves, bytes, seed);\n")
replace("commit.rs", "        self.tree.append(&bytes, hash, at, &self.blocks)?;\n", "        let _ = (&self.tree, at);\n")
replace("publish.rs", "    fn tick(&self, ended: bool) -> Result<(), StoreError> {\n",
        "    #[allow(unreachable_code)]\n    fn tick(&self, ended: bool) -> Result<(), StoreError> {\n        return Ok(());\n")
PATCH
build "$work/copy" without "$work/target"
for round in $(seq "$rounds"); do
  for kind in with without; do
    rate=$("$work/$kind" bench --spawn --json "$@" | grep -o '"transfers_per_second":[0-9.]*' | head -n 1 | cut -d: -f2)
    echo "$round $kind $rate"
  done
done | tee "$work/rates"
python3 - "$work/rates" <<'SUM'
import statistics, sys
rates = {"with": [], "without": []}
for line in open(sys.argv[1]):
    _, kind, rate = line.split()
    rates[kind].append(float(rate))
median = {kind: statistics.median(found) for kind, found in rates.items()}
print(f"median with {median['with']:,.0f}, without {median['without']:,.0f} transfers/s: "
      f"the proofs take {100 * (1 - median['with'] / median['without']):.1f} %")
SUM
