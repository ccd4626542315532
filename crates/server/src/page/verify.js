// Checks receipts, checkpoints and balance proofs in the browser. Everything is decided by
// verify.wasm (crates/verifier), fetched once when the page loads; here is only what a person sees.
// A plain script, no module: a server without tokens refuses requests that state an origin, and
// browsers state one when they fetch modules and preloads.
"use strict";

const KEPT = "counterfoil.policy";
/** Read of a file at most: more than any file that holds, so that a larger one is refused as such. */
const READ_BYTES = 1 << 20;
const RECEIPT = "c2sp.org/tlog-proof@v1\n";
const BALANCE = "counterfoil/balance-proof@v1\n";
const GIFT = "counterfoil/gift-proof@v1\n";

const byId = (id) => document.getElementById(id);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// ---- The module ----

async function load() {
  const response = await fetch("/verify.wasm", { mode: "same-origin" });
  if (!response.ok) throw new Error(`verify.wasm: HTTP status ${response.status}`);
  const bytes = await response.arrayBuffer();
  const module = await WebAssembly.compile(bytes);
  byId("wasm-size").textContent = `${grouped(bytes.byteLength)} bytes, SHA-256`;
  // Browsers give the digest to pages from HTTPS and from the same machine only.
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  byId("wasm-digest").textContent = digest ? hexOf(digest) : "shown over HTTPS only";
  return module;
}

/** The answer about a file, and what it took in milliseconds. Each check has an instance of its own. */
async function check(module, file, statement, policy) {
  const start = performance.now();
  const { exports } = await WebAssembly.instantiate(module, {});
  const pieces = [file, statement, encoder.encode(policy)].map((bytes) => place(exports, bytes));
  const packed = BigInt.asUintN(64, exports.verify(...pieces.flat()));
  const answer = new Uint8Array(exports.memory.buffer, Number(packed >> 32n), Number(packed & 0xffffffffn));
  const text = decoder.decode(answer);
  return { ...JSON.parse(text), took: performance.now() - start };
}

function place(exports, bytes) {
  if (!bytes) return [0, 0];
  const at = exports.alloc(bytes.length);
  new Uint8Array(exports.memory.buffer).set(bytes, at);
  return [at, bytes.length];
}

// ---- What is chosen: a balance proof, and another file beside it or alone ----

const state = { module: null, balance: null, other: null, run: 0 };

function kindOf(bytes) {
  const begins = (words) => decoder.decode(bytes.subarray(0, words.length)) === words;
  if (begins(BALANCE)) return "balance proof";
  if (begins(GIFT)) return "gift proof";
  return begins(RECEIPT) ? "receipt" : "checkpoint";
}

function choose(name, bytes) {
  const kind = kindOf(bytes);
  const file = { name, bytes, kind: kind === "checkpoint" && !holdsOrigin(bytes) ? "unknown kind" : kind };
  if (kind === "balance proof") state.balance = file;
  else state.other = file;
}

async function chooseFiles(list) {
  const files = [...list];
  const all = await Promise.all(files.map((file) => file.slice(0, READ_BYTES).arrayBuffer()));
  if (files.length > 1) state.balance = state.other = null;
  files.forEach((file, place) => choose(file.name, new Uint8Array(all[place])));
  if (files.length > 0) await judge();
}

/** Texts lose their last line break when they are marked by hand, and get other ones on the way. */
function choosePasted(text) {
  const lines = text.replaceAll("\r\n", "\n");
  choose("pasted text", encoder.encode(lines.endsWith("\n") ? lines : `${lines}\n`));
  return judge();
}

/** Makes room for the verdict on what was just chosen, and brings it into sight. */
async function judge() {
  showTrust(false);
  await refresh();
  byId("verdict").scrollIntoView({ block: "nearest" });
}

/** The name under which the log signs, as the file says: the first line of its checkpoint. Characters
 * that would turn the text around it are replaced. */
function originOf(bytes) {
  const lines = decoder.decode(bytes).split("\n");
  const start = lines[0] === RECEIPT.trimEnd() ? lines.indexOf("") + 1 : 0;
  const origin = holdsOrigin(bytes) || start > 0 ? lines[start] : "";
  return origin.replace(/\p{Cf}/gu, "\ufffd");
}

function holdsOrigin(bytes) {
  return /^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n/.test(decoder.decode(bytes));
}

function showChosen() {
  const rows = ["balance", "other"].filter((slot) => state[slot]).map((slot) => {
    const { name, bytes, kind } = state[slot];
    const what = element("span", { className: "what" }, name, element("small", {}, `${kind}, ${grouped(bytes.length)} bytes`));
    const remove = element("button", { type: "button", className: "plain" }, "Remove");
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => {
      state[slot] = null;
      refresh();
      byId("files").focus();
    });
    return element("li", {}, what, remove);
  });
  byId("chosen").replaceChildren(...rows);
}

// ---- The verdict ----

async function refresh() {
  showChosen();
  const run = (state.run += 1);
  const policy = byId("policy").value;
  const { module, balance, other } = state;
  if (!balance && !other) {
    byId("verdict").hidden = byId("facts").hidden = true;
    return;
  }
  const missing = stillMissing(policy, balance, other);
  if (missing) return show("wait", missing[0], missing[1]);
  const [file, statement] = balance ? [balance.bytes, other.bytes] : [other.bytes, null];
  let answer;
  try {
    answer = await check(module, file, statement, policy);
  } catch (error) {
    if (run === state.run) show("wait", "It could not be checked", `The verifier itself failed: ${error}`);
    return;
  }
  if (run !== state.run) return;
  showFault(answer.code === "bad_policy" ? answer.what : "");
  if (answer.ok) showYes(answer);
  else showNo(answer);
}

function stillMissing(policy, balance, other) {
  if (policy.trim() === "") {
    const origin = other && originOf(other.bytes);
    const whose = origin ? `The file says that it is of the log “${origin}”. Paste the key of that log` : "Paste the key of its log";
    return ["Whom do you trust?", `${whose} above: without it, anybody could have signed this file.`];
  }
  if (balance && !other) {
    const text = decoder.decode(balance.bytes.subarray(0, 256));
    const field = (name) => new RegExp(`^${name} ([0-9]+|credit|debit)$`, "m").exec(text)?.[1] ?? "?";
    const line = `statement ${field("statement")}, ledger ${field("ledger")}, code ${field("code")}, ${field("side")} side`;
    return ["One more file", `This balance proof is checked against the receipt of its statement’s line (${line}). Choose that receipt too.`];
  }
  return null;
}

const NO = {
  bad_policy: ["These keys cannot be used", "What stands under “Whom you trust” is neither a list of keys nor a policy."],
  too_large: ["No, this is not such a file", "It is larger than any receipt, checkpoint or balance proof."],
  malformed: ["No, this is not such a file", "It is damaged, incomplete, or something else altogether. If it was copied by hand, try the original."],
  unknown_log: ["No, this log is not one you trust", "It may be genuine, but you have given no key for the log that it is from."],
  bad_signature: ["No, a signature is wrong", "It claims to be signed by a key that you trust, and that key did not sign this. The file was changed or forged."],
  not_signed: ["No, it is not signed", "None of the keys that you trust for this log has signed it."],
  quorum: ["No, too few witnesses", "The log signed it, but fewer independent witnesses saw it than your policy asks for. A newer copy may have more."],
  bad_opening: ["No, the record does not open", "The log’s signature holds, but the record in the file is missing, damaged or not in its place."],
  not_included: ["No, it is not in the log", "The log’s signature holds, but what the file says is not part of what was signed. It was changed or made up."],
  not_a_statement: ["No, another receipt is needed", "The receipt beside the balance proof is not that of a statement’s line."],
  other_statement: ["No, the two do not belong together", "The receipt is that of another statement, ledger, code or side than the balance proof."],
  not_counted: ["No, this balance was not counted", "The statement is genuine, but this account with this amount is not part of its total."],
};

function showNo({ code, what, took }) {
  const [title, plain] = NO[code] ?? ["No", "The file does not hold."];
  const mood = code === "bad_policy" ? "wait" : "no";
  show(mood, title, plain, [], took, code);
  byId("verdict-code").replaceChildren(element("code", {}, code), ` ${what}`);
}

function showYes({ facts, took }) {
  const first = Object.fromEntries([...facts].reverse());
  const witnesses = facts.filter(([name]) => name === "witness").map(([, value]) => {
    const cut = value.lastIndexOf(" ");
    return [value.slice(0, cut), value.slice(cut + 1)];
  });
  const trust = [["Signed by", `the log ${first.origin}`]];
  if (witnesses.length > 0) {
    const lines = witnesses.map(([name, time]) => element("div", {}, `${name} `, timeOf(BigInt(time) * 1000000000n)));
    trust.push([count(witnesses.length, "witness", "witnesses"), lines]);
  }
  if (first.status !== "witnessed") {
    const alone = ["Witnesses", "none asked for: the log alone says so"];
    trust.push(witnesses.length === 0 ? alone : ["Quorum", "your policy asks for no witness"]);
  }
  const [title, plain] = YES[first.kind](first);
  show("yes", title, plain, trust, took, "ok");
  byId("verdict").dataset.kind = first.kind;
  showFacts(facts, first.record);
}

const YES = {
  receipt: (fact) => ["Yes, this is in the log", `${(RECORD[fact.record] ?? (() => `A record (${fact.record})`))(fact)}.`],
  balance: (fact) => [
    "Yes, this balance was counted",
    `Account ${fact.account} stood at ${minor(fact.amount)} on the ${fact.side} side in statement ${fact.statement}, `
      + `as part of a total of ${minor(fact.total)} (ledger ${fact.ledger}, code ${fact.code}).`,
  ],
  gift: (fact) => [
    "Yes, the draw of this gift was fair",
    `Gift ${fact.gift} of ${minor(fact.amount)} in ${count(Number(fact.parts), "part", "parts")}: the seed is the one that was committed to, `
      + `and each claim got what follows from it; ${minor(fact.returned)} went back (ledger ${fact.ledger}).`,
  ],
  checkpoint: (fact) => [
    "Yes, this checkpoint is signed",
    `The log has bound itself to ${count(fact.size, "batch", "batches")}, with the root below.`,
  ],
};

const RECORD = {
  ledger_declared: (fact) => `Ledger ${fact.ledger} was declared: ${fact.code}, ${count(Number(fact.exponent), "decimal place", "decimal places")}`,
  account_created: (fact) => `Account ${fact.id} was opened in ledger ${fact.ledger}`,
  transfer_created: (fact) => `Transfer ${fact.id} of ${minor(fact.amount)} ${fact.flags & 2 ? "was reserved" : "was made"} `
    + `from account ${fact.debit_account_id} to account ${fact.credit_account_id}`,
  transfer_expired: (fact) => `The reservation of ${minor(fact.amount)} from account ${fact.debit_account_id} `
    + `to account ${fact.credit_account_id} expired`,
  transfer_failed: (fact) => `Transfer ${fact.id} was refused for good (status ${fact.status_code})`,
  record_erased: (fact) => `Record ${fact.erased_index} of batch ${fact.erased_batch} was erased after ${count(Number(fact.retention_days), "day", "days")}`,
  statement_line: (fact) => `Statement ${fact.statement} counted ${minor(fact.total)} in all on the ${fact.side} side `
    + `of ledger ${fact.ledger}, code ${fact.code}`,
};

function show(mood, title, plain, trust = [], took, code = "") {
  const verdict = byId("verdict");
  verdict.className = `verdict ${mood}`;
  byId("verdict-mark").textContent = { yes: "✓", no: "✕", wait: "?" }[mood];
  byId("verdict-title").textContent = title;
  byId("verdict-plain").textContent = plain;
  byId("verdict-trust").replaceChildren(...trust.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", {}, ...[value].flat()),
  ]));
  byId("verdict-code").hidden = code === "" || code === "ok";
  byId("verdict-took").textContent = took === undefined ? "" : `Checked in ${took.toFixed(1)} ms in this browser.`;
  byId("facts").hidden = true;
  verdict.hidden = false;
  verdict.dataset.code = code || mood;
  verdict.dataset.took = took ?? "";
  verdict.dataset.run = state.run;
  verdict.dataset.kind = "";
}

// ---- The facts ----

const ACCOUNT_FLAGS = ["linked", "debits must not exceed credits", "credits must not exceed debits", "history", "imported", "closed"];
const TRANSFER_FLAGS = [
  "linked", "pending", "post pending", "void pending", "balancing debit", "balancing credit", "closing debit", "closing credit", "imported",
];
const AMOUNTS = new Set(["amount", "total"]);
const TIMES = new Set(["batch_time", "timestamp"]);
const CHIEF = new Set(["amount", "total", "account"]);
const OPTIONAL = new Set(["user_data_128", "user_data_64", "user_data_32", "pending_id", "timeout", "flags"]);
/** The first fact of each part, and what the part is about. */
const PARTS = { kind: "The file", batch: "Place in the log", record: "The record", account: "The balance", statement: "The statement’s line" };

function showFacts(facts, record) {
  const parts = [];
  for (const [name, value] of facts) {
    if (name in PARTS && !(name === "statement" && record)) {
      const head = element("th", { scope: "rowgroup", colSpan: 2 }, PARTS[name]);
      parts.push(element("tbody", {}, element("tr", { className: "part" }, head)));
    }
    const zero = OPTIONAL.has(name) && value === "0" ? "zero" : "";
    const row = element("tr", { className: CHIEF.has(name) ? "main" : zero });
    row.append(element("th", { scope: "row" }, name.replaceAll("_", " ")), element("td", {}, ...told(name, value, record)));
    parts.at(-1).append(row);
  }
  byId("facts-table").replaceChildren(...parts);
  byId("facts").hidden = false;
}

/** A value as it stands in the file, and below it the same for people where that differs. */
function told(name, value, record) {
  const small = (...inner) => element("small", {}, ...inner);
  if (AMOUNTS.has(name)) return [value, small(minor(value))];
  if (TIMES.has(name)) return [timeOf(BigInt(value)), small(`${value} ns since 1970`)];
  if (name === "witness") {
    const cut = value.lastIndexOf(" ");
    const seconds = value.slice(cut + 1);
    return [value.slice(0, cut), element("br"), timeOf(BigInt(seconds) * 1000000000n), small(`${seconds} s since 1970`)];
  }
  if (name === "flags" && value !== "0") {
    const names = record === "account_created" ? ACCOUNT_FLAGS : TRANSFER_FLAGS;
    return [value, small(names.filter((_, bit) => (Number(value) >> bit) & 1).join(", "))];
  }
  return [value];
}

function minor(value) {
  return count(value, "minor unit", "minor units");
}

/** Digits in groups of three, parted by narrow spaces that do not break. */
function grouped(value) {
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function count(number, one, many) {
  return `${grouped(number)} ${BigInt(number) === 1n ? one : many}`;
}

/** Nanoseconds since 1970 in ISO 8601, UTC, to the last digit. Years beyond 9999 have a sign, as ISO has it. */
function isoOf(nanoseconds) {
  const second = 1000000000n;
  const date = new Date(Number((nanoseconds / second) * 1000n));
  if (Number.isNaN(date.getTime())) return "beyond the calendar";
  const fraction = `${nanoseconds % second}`.padStart(9, "0").replace(/0+$/, "");
  return date.toISOString().replace(/\.000Z$/, fraction === "" ? "Z" : `.${fraction}Z`);
}

/** That time as an element, which breaks between date and time of day if it must. */
function timeOf(nanoseconds) {
  const text = isoOf(nanoseconds);
  const [date, clock] = text.split(/(?<=T)/);
  return element("time", { dateTime: text }, element("span", {}, date), element("wbr"), element("span", {}, clock ?? ""));
}

function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// ---- Whom to trust ----

const storage = {
  read() {
    try { return localStorage.getItem(KEPT) ?? ""; } catch { return ""; }
  },
  write(text) {
    try { localStorage.setItem(KEPT, text); } catch { /* kept for this visit only */ }
  },
};

/** Names of logs and witnesses as the text has them, to show a policy in one line. */
function namesOf(policy) {
  const names = { logs: [], witnesses: 0, quorum: "" };
  for (const line of policy.split("\n").map((line) => line.trim().split(/[ \t]+/))) {
    const key = line[0] === "log" ? line[1] : line[0];
    if (line[0] === "witness") names.witnesses += 1;
    else if (line[0] === "quorum") names.quorum = line[1] ?? "";
    else if (/^[^+#]+\+[0-9a-f]{8}\+/.test(key ?? "")) names.logs.push(key.slice(0, key.indexOf("+")));
  }
  return names;
}

function showTrust(open) {
  const policy = byId("policy").value;
  const { logs, witnesses, quorum } = namesOf(policy);
  const folded = !open && logs.length > 0;
  byId("trust-edit").hidden = folded;
  byId("trust-summary").hidden = !folded;
  const asked = quorum === "" || quorum === "none" ? "no witness asked for" : `${count(witnesses, "witness", "witnesses")} known, “${quorum}” must have signed`;
  const names = logs.flatMap((name, place) => [place > 0 ? ", " : "", element("b", {}, name)]);
  byId("trust-names").replaceChildren(...names, element("br", {}), element("small", { className: "help" }, asked));
  byId("trust-done").hidden = logs.length === 0;
}

function showFault(what) {
  const fault = byId("policy-fault");
  fault.hidden = what === "";
  fault.textContent = what;
  byId("policy").setAttribute("aria-invalid", what !== "");
  if (what !== "") showTrust(true);
}

/** Asks the module about the policy alone: an empty file is refused as such if the policy is one. */
async function judgePolicy() {
  const policy = byId("policy").value;
  const { code, what } = policy.trim() === "" ? {} : await check(state.module, new Uint8Array(), null, policy);
  showFault(code === "bad_policy" ? what : "");
}

// ---- Events ----

function listen() {
  const policy = byId("policy");
  policy.addEventListener("input", async () => {
    storage.write(policy.value);
    byId("trust-done").hidden = namesOf(policy.value).logs.length === 0;
    await judgePolicy();
    await refresh();
  });
  byId("trust-change").addEventListener("click", () => {
    showTrust(true);
    policy.focus();
  });
  byId("trust-done").addEventListener("click", () => {
    showTrust(false);
    byId("trust-change").focus();
  });
  const files = byId("files");
  files.addEventListener("change", async () => {
    await chooseFiles(files.files);
    files.value = "";
  });
  byId("paste-add").addEventListener("click", async () => {
    if (byId("pasted").value.trim() === "") return;
    await choosePasted(byId("pasted").value);
    byId("pasted").value = "";
    byId("paste").open = false;
  });
  addEventListener("paste", (event) => {
    if (event.target instanceof HTMLTextAreaElement) return;
    const { files, types } = event.clipboardData;
    if (files.length > 0) chooseFiles(files);
    else if (types.includes("text/plain")) choosePasted(event.clipboardData.getData("text/plain"));
  });
  listenForDrops();
}

function listenForDrops() {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const drag = (on) => document.body.classList.toggle("dragging", on);
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drag(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && drag(false));
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drag(false);
    await chooseFiles(event.dataTransfer.files);
  });
}

async function start() {
  try {
    byId("policy").value = storage.read();
    showTrust(false);
    state.module = await load();
    listen();
    byId("main").hidden = false;
    await judgePolicy();
  } catch (error) {
    byId("wasm-size").textContent = `did not load: ${error}`;
    byId("main").hidden = false;
    show("wait", "The verifier did not load", `${error}. Reload the page to try again.`);
  }
  document.documentElement.dataset.ready = "yes";
}

start();
