#!/usr/bin/env bash
# Lets software that nobody of this project wrote judge our log, receipts and cosigned checkpoints:
# golang.org/x/mod, Tessera (client, fsck), torchwood, CIRCL; aics-tlog, aics-witness, pymerkle.
# First on a made-up log, to see each verifier say yes and no; then on a log of the binary.
# Usage: tests/interop/run.sh [PATH-OF-THE-BINARY]
# What the machine lacks is named on a line `skipped: ...`. Python is sought on the PATH and under
# pyenv, 3.12 or later; INTEROP_PYTHON names another.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${1:+$(realpath "$1")}
work=$(mktemp -d)
started=()
# shellcheck disable=SC2329 # the trap calls it
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 GOFLAGS="-mod=readonly -buildvcs=false"

passed=0 failed=0 skipped=0
skip() { echo "skipped: $*"; skipped=$((skipped + 1)); }
die() { echo "failed: $*"; failed=$((failed + 1)); result; }
result() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" = 0 ]; exit; }
judged() { # expected first word, what is asked, command...
  local word=$1 what=$2 told; shift 2
  told=$(timeout 300 "$@" 2>&1) || true
  case "$(tail -n 1 <<<"$told")" in
    "$word: "*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); printf 'failed: %s: expected %s, found:\n%s\n' "$what" "$word" "$told" ;;
  esac
}
yes() { judged ok "$@"; }
no() { judged no "$@"; }

# --- What is on this machine ---

go_lacks='' python_lacks=''
find_go() {
  command -v go >/dev/null || { go_lacks='not installed'; return; }
  (cd "$here/go" && go mod download) >go.out 2>&1 || { go_lacks="modules cannot be had: $(tail -n 1 go.out)"; return; }
  (cd "$here/go" && go build -o "$work/" ./verify-log ./make-log) >go.out 2>&1 || { cat go.out; die 'go build'; }
}
find_python() {
  local candidate found=
  for candidate in "${INTEROP_PYTHON:-}" python3.14 python3.13 python3.12 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
      found=$candidate
      break
    fi
  done
  [ -n "$found" ] || { python_lacks='3.12 or later is not installed'; return; }
  "$found" -m venv venv >pip.out 2>&1 || { python_lacks='no venv'; return; }
  venv/bin/pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt" >pip.out 2>&1 \
    || python_lacks="packages cannot be had: $(tail -n 1 pip.out)"
}
find_go
find_python
[ -z "$go_lacks" ] || skip "go: $go_lacks"
[ -z "$python_lacks" ] || skip "python: $python_lacks"

# --- What is asked of a log, by each tool that is there ---

log_is() { # yes or no, what, place, key, old checkpoint
  [ -n "$go_lacks" ] || "$1" "$2: go" "$work/verify-log" "$3" "$4" "$5"
  [ -n "$python_lacks" ] || "$1" "$2: python" "$work/venv/bin/python" "$here/python/verify_log.py" "$3" "$4" --old "$5"
}
receipt_is() { # yes or no, what, file, key, witness keys...
  local verdict=$1 what=$2; shift 2
  [ -n "$go_lacks" ] || "$verdict" "$what: go" "$work/verify-log" receipt "$@"
  [ -n "$python_lacks" ] || "$verdict" "$what: python" "$work/venv/bin/python" "$here/python/verify_receipt.py" "$@"
}
flip() { # file: the lowest bit of its middle byte
  local at byte
  at=$(($(wc -c <"$1") / 2))
  byte=$(od -An -tu1 -j "$at" -N 1 "$1")
  printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
tampered() { # folder, key, old; 256 to 65,535 entries, no multiple of 256: whatever byte is changed, each tool must see it
  local size file last
  size=$(sed -n 2p "$1/checkpoint")
  last=$(printf '%03d.p/%d' $((size / 256)) $((size % 256)))
  for file in checkpoint tile/0/000 "tile/0/$last" "tile/1/000.p/$((size / 256))" tile/entries/000 "tile/entries/$last"; do
    [ -f "$1/$file" ] || die "no $file in the log"
    rm -rf tampered && cp -r "$1" tampered
    flip "tampered/$file"
    log_is no "a changed $file" tampered "$2" "$3"
  done
  rm -rf tampered && cp -r "$1" tampered && rm tampered/tile/0/001
  log_is no 'a missing tile' tampered "$2" "$3"
  cp "$3" other-past && flip other-past
  log_is no 'a changed older checkpoint' "$1" "$2" other-past
}

# --- A made-up log ---

made_up() {
  [ -z "$go_lacks" ] || { skip 'made-up log: go'; return; }
  (cd "$here/go" && go vet ./... && go test ./...) >go.out 2>&1 || { cat go.out; die 'go test'; }
  passed=$((passed + 1))
  ./make-log -size 900 -old 300 made
  local key receipt; key=$(cat made/vkey)
  log_is yes 'a made-up log' made/log "$key" made/old
  tampered made/log "$key" made/old
  for receipt in made/*.receipt; do
    receipt_is yes "$receipt" "$receipt" "$key"
    cp "$receipt" changed && flip changed
    receipt_is no "$receipt, changed" changed "$key"
  done
}

# --- A log of the binary ---

witness_url='' witness_key=''
witness() { # folder, origin, log's key: starts a witness that trusts the log
  venv/bin/aics-witness init --config "$1/witness.json" --name "witness.example/$1" --listen 127.0.0.1:0 >"$1.key" 2>/dev/null
  venv/bin/aics-witness add-log --config "$1/witness.json" --origin "$2" --vkey "$3" >/dev/null 2>&1
  venv/bin/aics-witness serve --config "$1/witness.json" >/dev/null 2>"$1.trace" &
  started+=($!)
  witness_key=$(head -n 1 "$1.key")
  witness_url=$(address "$1.trace")
}
address() { # file: the first address that a server has told there
  local found
  for _ in $(seq 200); do
    found=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$1" | head -n 1 || true)
    [ -n "$found" ] && { echo "$found"; return; }
    sleep 0.05
  done
  cat "$1" >&2
  return 1
}
post() { curl -sSf -o /dev/null -X POST -H 'Content-Type: application/json' -d "$2" "$url$1"; }
transfers() { # first and last request, each of five transfers: one request, one batch
  local request id body
  for request in $(seq "$1" "$2"); do
    body=
    for id in $(seq $((request * 5 + 1)) $((request * 5 + 5))); do
      body+=",{\"id\":\"$id\",\"debit_account_id\":\"1\",\"credit_account_id\":\"2\",\"amount\":\"0.01\",\"ledger\":1,\"code\":1}"
    done
    printf 'next\nurl = "%s/v1/transfers"\nheader = "Content-Type: application/json"\nsilent\nshow-error\nfail\noutput = "/dev/null"\ndata = "%s"\n' \
      "$url" "[${body:1}]" | sed '/^data/{s/"/\\"/g;s/^data = \\"/data = "/;s/\\"$/"/}'
  done | sed 1d >requests
  curl -K requests
}
checkpointed() { # at least that size, and witnessed where there is a witness; then the file
  local size
  for _ in $(seq 400); do
    curl -sS -o "$2" "$url/log/checkpoint"
    size=$(sed -n 2p "$2")
    if [ "${size:-0}" -ge "$1" ] && { [ -z "$witness_key" ] || grep -q "${witness_key%%+*}" "$2"; }; then return; fi
    sleep 0.05
  done
  cat "$2"
  die "no checkpoint of size $1"
}
serve() {
  "$binary" init --data books --origin log.example/interop >/dev/null
  key=$("$binary" key show --data books | head -n 1)
  printf 'log %s\nquorum none\n' "$key" >books/policy
  if [ -z "$python_lacks" ]; then
    witness w1 log.example/interop "$key"
    printf 'log %s\nwitness w1 %s %s\nquorum w1\n' "$key" "$witness_key" "$witness_url" >books/policy
  fi
  sed -i 's/^# policy = .*/policy = "policy"/' books/config.toml
  "$binary" serve --data books --listen 127.0.0.1:0 --no-auth >ready 2>trace &
  server=$!
  started+=("$server")
  url=$(address ready) || { cat trace; die 'no server'; }
}

of_the_binary() {
  serve
  post /v1/ledgers '{"ledger":1,"code":"EUR","exponent":2}'
  post /v1/accounts '[{"id":"1","ledger":1,"code":1},{"id":"2","ledger":1,"code":1}]'
  transfers 0 299
  checkpointed 300 old
  transfers 300 699
  checkpointed 700 now
  log_is yes 'the log, over HTTP' "$url/log" "$key" old

  local id
  for id in 1 7 1501 3499; do
    "$binary" receipt "$id" --server "$url" --out "$id.receipt" >/dev/null || die "no receipt of $id"
    receipt_is yes "a receipt" "$id.receipt" "$key" ${witness_key:+"$witness_key"}
    [ -n "$go_lacks" ] || yes 'a receipt, by policy' ./verify-log policy "$id.receipt" books/policy
    cp "$id.receipt" changed && flip changed
    receipt_is no 'a changed receipt' changed "$key" ${witness_key:+"$witness_key"}
  done
  witnessed
  kill -TERM "$server"
  wait "$server" || die 'the server did not end well'
  "$binary" log export --data books exported >/dev/null || die 'no export'
  log_is yes 'the log, exported' exported "$key" old
  tampered exported "$key" old
}

witnessed() {
  [ -z "$python_lacks" ] || { skip 'a live witness: python'; return; }
  yes 'the checkpoint is cosigned' "$work/venv/bin/python" "$here/python/verify_log.py" "$url/log" "$key" --witness "$witness_key"
  witness w2 log.example/interop "$key"
  local feed=("$work/venv/bin/python" "$here/python/feed_witness.py" "$witness_url" "$witness_key" "$url/log" "$key")
  yes 'another witness, from nothing' "${feed[@]}" --at old
  yes 'another witness, grown' "${feed[@]}"
  no 'another witness, going back' "${feed[@]}" --at old
  cp now forged && flip forged
  no 'another witness, a changed checkpoint' "${feed[@]}" --at forged
}

# --- A real bank: a receipt and a balance of a named account, judged by all; then one byte of the log is changed ---

checked() { # yes or no, what, file, statement: by our three verifiers, who say the same
  local verdict=$1 what=$2 told first=; shift 2
  own() { # name, command...
    local name=$1; shift
    if told=$("$@" 2>/dev/null); then told="yes $told"; else told=no; fi
    case "$told" in "$verdict"*) passed=$((passed + 1)) ;; *) failed=$((failed + 1)); echo "failed: $what: $name: $told" ;; esac
    [ "$verdict" = no ] || [ "${first:=$told}" = "$told" ] || { failed=$((failed + 1)); echo "failed: $what: $name says otherwise: $told"; }
  }
  own rust "$binary" verify "$1" --policy bank.policy ${2:+--statement "$2"}
  if command -v python3 >/dev/null; then
    own 'sdk in python' python3 "$here/../../sdk/python/counterfoil_verify.py" "$1" --policy bank.policy ${2:+--statement "$2"}
  else
    skip "$what: sdk in python: no python3"
  fi
  if command -v node >/dev/null; then
    own 'the module of the page' node "$here/../page/check.mjs" "$1" bank.policy ${2:+"$2"}
  else
    skip "$what: the module of the page: no node"
  fi
}
of_a_bank() {
  local data=${COUNTERFOIL_DATA:-} key account transfer
  if [ -z "$data" ] || [ ! -d "$data/berka" ]; then skip 'no data'; return; fi
  "$binary" init --data bank --origin bank.example/log >/dev/null
  "$binary" import berka "$data/berka" --data bank >import.out || die 'the bank is not imported'
  key=$("$binary" key show --data bank)
  printf 'log %s\nquorum none\n' "$key" >bank.policy
  account=$("$binary" --json query accounts --data bank --limit 2000 | grep -o '"id":"[0-9]*"' | tail -n 1 | grep -o '[0-9]*')
  transfer=$("$binary" --json query account-transfers "$account" --data bank | grep -o '"id":"[0-9]*"' | head -n 1 | grep -o '[0-9]*')
  "$binary" statement make --data bank >/dev/null
  "$binary" receipt "$transfer" --data bank --out bank.receipt >/dev/null
  "$binary" balance-proof "$account" --data bank --out bank.balance --receipt-out bank.line >/dev/null
  "$binary" log export bank.log --data bank >/dev/null
  checked yes "a receipt of account $account" bank.receipt
  checked yes "the balance of account $account" bank.balance bank.line
  receipt_is yes 'a receipt of the bank' bank.receipt "$key"
  receipt_is yes 'the line of its statement' bank.line "$key"
  log_is yes 'the log of the bank' bank.log "$key" bank.log/checkpoint
  "$binary" monitor bank.log --key "$key" --state seen >/dev/null || die 'the monitor finds something'
  "$binary" audit --data bank >/dev/null || die 'the audit finds something'

  cp bank.receipt changed && flip changed
  checked no 'the receipt, one bit changed' changed
  receipt_is no 'the receipt, one bit changed' changed "$key"
  cp bank.balance changed && flip changed
  checked no 'the balance, one bit changed' changed bank.line
  flip bank.log/tile/entries/*.p/*
  log_is no 'the log, one bit of an entry changed' bank.log "$key" bank.log/checkpoint
  ! "$binary" monitor bank.log --key "$key" >/dev/null 2>&1 || die 'the monitor finds nothing'
  printf '\xff' | dd of=bank/log/0000000000000000.seg bs=1 seek=100000 conv=notrunc status=none
  ! "$binary" audit --data bank >/dev/null 2>&1 || die 'the audit finds nothing'
  ! timeout 20 "$binary" serve --data bank --listen 127.0.0.1:0 --no-auth >/dev/null 2>&1 || die 'a changed log is served'
  passed=$((passed + 5))
}

made_up
if [ -n "$binary" ]; then of_the_binary; of_a_bank; else skip 'log of the binary: no binary was named'; fi
result
