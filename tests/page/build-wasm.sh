#!/usr/bin/env bash
# Builds crates/verifier for the page: crates/server/assets/verify.wasm, and beside it a text that
# says how. With --check nothing is replaced: it fails unless a fresh build has the same bytes.
# Usage: tests/page/build-wasm.sh [--check]
#
# No target of rustup's is needed: Debian's rustc-web comes with the source of the standard library,
# which cargo builds for wasm32 itself. Paths of this machine are kept out of the module, so that the
# same compiler gives the same bytes anywhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
mode=${1:-replace}
wasm=crates/server/assets/verify.wasm
note=$wasm.txt
rustc=/usr/bin/rustc
source=/usr/lib/rustlib/src/rust/library/Cargo.lock
packages=(rustc-web rust-web-src lld)

skip() { echo "skipped: wasm: $*"; exit 0; }
there() { [ -x "$rustc" ] && [ -f "$source" ] && command -v wasm-ld >/dev/null; }
case "$mode" in
  replace | --check) ;;
  *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac
if ! there && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 || true
fi
there || skip "${packages[*]} not installed"

compiler=$("$rustc" --version)
if [ "$mode" = --check ]; then
  built_by=$(sed -n 's/^compiler: //p' "$note")
  [ "$compiler" = "$built_by" ] || skip "built by $built_by, here is $compiler"
fi

target=${WASM_TARGET_DIR:-${CARGO_TARGET_DIR:-$PWD/target}/wasm}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flags="-Zlocation-detail=none --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/src -Zunstable-options -Cpanic=immediate-abort"
RUSTC=$rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags CARGO_TARGET_DIR=$target \
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld \
  cargo build --quiet --locked -p verifier --lib --profile wasm --target wasm32-unknown-unknown \
  -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
built=$target/wasm32-unknown-unknown/wasm/verifier.wasm

size=$(stat -c %s "$built")
[ "$size" -lt 300000 ] || { echo "failed: wasm: $size bytes, at most 299,999 are wanted"; exit 1; }
sha256=$(sha256sum "$built" | cut -d ' ' -f 1)
if [ "$mode" = --check ]; then
  cmp "$built" "$wasm" || { echo "failed: wasm: $wasm is stale, run tests/page/build-wasm.sh"; exit 1; }
  echo "ok: wasm: a fresh build has the same $size bytes"
  exit
fi
install -m 644 "$built" "$wasm"
cat >"$note" <<END
What /verify runs in the browser: crates/verifier, built for wasm32-unknown-unknown by
tests/page/build-wasm.sh from Debian's ${packages[*]}.
The same compiler gives the same bytes: tests/page/build-wasm.sh --check.

compiler: $compiler
linker: $(wasm-ld --version)
flags: -Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort, profile wasm of Cargo.toml,
  std of the compiler's own source with optimize_for_size
bytes: $size
sha256: $sha256
END
echo "ok: wasm: $size bytes, $sha256"
