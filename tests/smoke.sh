#!/usr/bin/env bash
# The binary as a user meets it: books are made, served, asked, refused, killed, served again, audited.
# Usage: tests/smoke.sh PATH-OF-THE-BINARY
set -euo pipefail
binary=$(realpath "$1")
sdk=$(realpath "$(dirname "$0")/../sdk/python/counterfoil_verify.py")
settlement=$(realpath "$(dirname "$0")/olist/settlement.py")
data=${COUNTERFOIL_DATA:-$(dirname "$0")/../../shared/data}
data=$(realpath "$data" 2>/dev/null || true)
reader=$(realpath "$(dirname "$0")/vectors/reader.py")
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

passed=0
check() { # what, expected part, actual
  case "$3" in
    *"$2"*) passed=$((passed + 1)) ;;
    *) printf 'smoke: %s: expected %s, found:\n%s\n0 passed, 1 failed\n' "$1" "$2" "$3"; exit 1 ;;
  esac
}
serve() {
  "$binary" serve --data books --listen 127.0.0.1:0 --no-auth >ready 2>trace &
  server=$!
  for _ in $(seq 200); do
    url=$(grep -o 'http://[0-9.:]*' ready || true)
    [ -n "$url" ] && return
    sleep 0.05
  done
  cat trace; exit 1
}
post() { curl -sS -X POST -H 'Content-Type: application/json' -d "$2" "$url$1"; }

"$binary" init --data books >/dev/null
check 'a second init is refused' 'not empty' "$("$binary" init --data books 2>&1 || true)"
serve
check 'a second process is refused' 'another process' "$("$binary" audit --data books 2>&1 || true)"
check 'health' '' "$(curl -sSf "$url/health")"
check 'a ledger is declared' '"EUR"' "$(post /v1/ledgers '{"ledger":1,"code":"EUR","exponent":2}')"
check 'accounts are made' 'created' "$(post /v1/accounts '[{"id":"1","ledger":1,"code":1},{"id":"2","ledger":1,"code":1}]')"
check 'a transfer is made' 'created' "$(post /v1/transfers '{"id":"1","debit_account_id":"1","credit_account_id":"2","amount":"12.50","ledger":1,"code":1}')"
check 'again is the first answer' 'exists' "$(post /v1/transfers '{"id":"1","debit_account_id":"1","credit_account_id":"2","amount":"12.50","ledger":1,"code":1}')"
check 'other content is refused' 'exists_with_different_amount' "$(post /v1/transfers '{"id":"1","debit_account_id":"1","credit_account_id":"2","amount":"12.51","ledger":1,"code":1}')"
check 'too fine an amount is refused' 'decimal places' "$(post /v1/transfers '{"id":"2","debit_account_id":"1","credit_account_id":"2","amount":"0.001","ledger":1,"code":1}')"
check 'nonsense is refused' 'problem' "$(curl -sS -i -X POST -H 'Content-Type: application/json' -d '{' "$url/v1/transfers")"
check 'a short bulk body is refused' 'multiple of 128' "$(head -c 100 /dev/zero | curl -sS -X POST -H 'Content-Type: application/octet-stream' --data-binary @- "$url/v1/transfers")"
key=$("$binary" key show --data books)
check 'a receipt is written' 'wrote' "$("$binary" receipt 1 --server "$url" --out receipt)"
check 'it is checked offline' 'kind: receipt' "$("$binary" verify receipt --key "$key")"
check 'python says the same' 'kind: receipt' "$(python3 "$sdk" receipt --key "$key")"
sed 's/^index \(.*\)$/index 1\1/' receipt >damaged
check 'a damaged receipt is refused' 'not_included' "$("$binary" verify damaged --key "$key" 2>&1 || true)"
check 'a statement is made' 'ledger     1' "$("$binary" statement make --server "$url")"
check 'a balance proof is written' 'wrote' "$("$binary" balance-proof 2 --server "$url" --out balance --receipt-out line)"
check 'the balance was counted' 'amount: 1250' "$("$binary" verify balance --statement line --key "$key")"
check 'python counts it too' 'amount: 1250' "$(python3 "$sdk" balance --statement line --key "$key")"
check 'the monitor sees the log' 'entries checked' "$("$binary" monitor "$url/log" --key "$key" --state seen)"
check 'the page is there' 'verify.js' "$(curl -sSf "$url/verify")"
post /v1/commands '[{"id":"20","act":"chart_line_set","code":2020,"class":"liability","role":"seller","flags":2,"name":"Sellers"},{"id":"21","act":"party_open","party":"21","kind":"merchant"}]' >/dev/null
check 'a listing is added' '"listing":0' "$(post /v1/listings '{"id":"22","seller":"21","ledger":1,"price":"12.50","stock":3,"title":"Zelená lampa 绿色台灯"}')"
kill -9 "$server"; wait "$server" 2>/dev/null || true
serve
check 'its texts are those of the books' '"texts":"agree"' "$(curl -sS "$url/v1/listings/0")"
check 'it is found by its words' '1 found' "$("$binary" listing search 台灯 zelena --server "$url")"
check 'what was acknowledged is there' '12.50' "$(curl -sS "$url/v1/accounts/2")"
kill -TERM "$server"; wait "$server"; server=
check 'the audit finds no difference' '"differences":[]' "$("$binary" audit --data books --json | tr -d ' \n')"
check 'the log is exported' 'batches' "$("$binary" log export public --data books)"
check 'nothing was rewritten' 'entries checked' "$("$binary" monitor public --key "$key" --state seen)"
check 'too young to be erased' 'more days' "$("$binary" erase 1 --data books 2>&1 || true)"
sed -i 's/^retention_days = .*/retention_days = 0/' books/config.toml
check 'a transfer is erased' 'erased record' "$("$binary" erase 1 --data books)"
check 'the audit knows of it' '"erased":1' "$("$binary" audit --data books --json | tr -d ' \n')"
check 'its receipt holds for its holder' 'kind: receipt' "$("$binary" verify receipt --key "$key")"
segment=books/log/0000000000000000.seg
printf '\xff' | dd of="$segment" bs=1 seek=300 conv=notrunc status=none
check 'damage stops the audit' 'log/0000000000000000.seg' "$("$binary" audit --data books 2>&1 || true)"
check 'damage stops the start' 'log/0000000000000000.seg' "$("$binary" serve --data books --no-auth 2>&1 || true)"
check 'a small bench runs' 'transfers_per_second' "$("$binary" bench --spawn --transfers 50000 --json)"
check 'the demo reconciles' 'escrow' "$("$binary" demo --data demo --listen 127.0.0.1:0 --exit)"
check 'the proof of a gift is written' 'wrote' "$("$binary" gift-proof 900000 --data demo --out gift)"
key=$("$binary" key show --data demo)
check 'its draw was fair' 'returned: 0' "$("$binary" verify gift --key "$key")"
sed 's/^receipt \([0-9]*\)$/receipt 1\1/;t' gift >damaged
check 'a damaged proof is refused' 'malformed' "$("$binary" verify damaged --key "$key" 2>&1 || true)"
check 'the audit of the day finds no difference' '"differences":[]' "$("$binary" audit --data demo --json | tr -d ' \n')"
check 'the python reader adds the day up' '"records"' "$(python3 "$reader" --summary demo)"
check 'the trial balance' 'total' "$("$binary" trial-balance --data demo)"
if [ -n "$data" ] && [ -d "$data/berka" ]; then
  "$binary" init --data bank >/dev/null
  check 'a real bank' '"mismatches":[]' "$("$binary" import berka "$data/berka" --data bank --json | tr -d ' \n')"
else
  echo 'skipped: no data'
fi
if [ -n "$data" ] && [ -d "$data/olist" ]; then
  "$binary" init --data market >/dev/null
  "$binary" import olist "$data/olist" --data market --json >lived 2>/dev/null || true
  check 'a real marketplace adds up' '"differences":[]' "$(cat lived)"
  check 'python settles its sellers alike' ': 0 differences' "$(python3 "$settlement" "$data/olist" --import lived || true)"
  check 'a second import creates nothing' '"commands_created":0' "$("$binary" import olist "$data/olist" --data market --json 2>/dev/null || true)"
else
  echo 'skipped: no data'
fi
echo "$passed passed, 0 failed"
