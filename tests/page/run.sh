#!/usr/bin/env bash
# The page that checks receipts: its module is that of the source, gives the corpus's verdicts, and
# works in a browser without asking the network. And the public page, which works without script.
# Usage: tests/page/run.sh [URL-OF-A-SERVER]
# With a server the page is taken from there, else from the source. What the machine lacks is named
# on a line `skipped: ...`; playwright-core and axe-core come from npm into a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/build-wasm.sh" --check
command -v node >/dev/null || { echo 'skipped: page: node is not installed'; exit 0; }
node "$here/corpus.mjs"

export CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$CHROMIUM" ] && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || true
  CHROMIUM=$(command -v chromium || true)
fi
[ -n "$CHROMIUM" ] || { echo 'skipped: page in a browser: chromium is not installed'; exit 0; }
export PAGE_MODULES=${PAGE_MODULES:-$work}
if [ "$PAGE_MODULES" = "$work" ]; then
  (cd "$work" && npm install --silent --no-audit --no-fund --prefix "$work" playwright-core@1 axe-core@4) >"$work/npm.out" 2>&1 \
    || { echo "skipped: page in a browser: packages cannot be had: $(tail -n 1 "$work/npm.out")"; exit 0; }
fi
node "$here/browser.mjs" "$@"
