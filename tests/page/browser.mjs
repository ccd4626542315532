// The pages as a person uses them, in headless Chromium: /verify, and /public, which needs no script.
// Usage: PAGE_MODULES=folder-of-node_modules node tests/page/browser.mjs [URL-OF-A-SERVER]
// Without a server the page's files are served from here under the same Content-Security-Policy.
// PAGE_PICTURES names a folder for screenshots.
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { assets, bytesOf, corpus, page as source } from "./module.mjs";

const load = createRequire(`${process.env.PAGE_MODULES}/`);
const { chromium } = load("playwright-core");
const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

const CHECK_MILLISECONDS = 20;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** As crates/server/src/api/verify.rs has it. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** As crates/server/src/api/public.rs has it. */
const PUBLIC_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SERVED = {
  "/verify": [new URL("verify.html", source), "text/html; charset=utf-8"],
  "/verify.js": [new URL("verify.js", source), "text/javascript; charset=utf-8"],
  "/verify.css": [new URL("verify.css", source), "text/css; charset=utf-8"],
  "/verify.wasm": [new URL("verify.wasm", assets), "application/wasm"],
  // A page in which everything is there, as a test of the crate `server` writes it.
  "/public": [new URL("public.html", import.meta.url), "text/html; charset=utf-8", PUBLIC_POLICY],
  "/public.css": [new URL("public.css", source), "text/css; charset=utf-8", PUBLIC_POLICY],
};

async function serve() {
  const server = createServer((request, response) => {
    const served = SERVED[request.url];
    if (!served) return response.writeHead(404).end();
    // As a server without tokens does.
    if (request.headers.origin) return response.writeHead(403).end();
    response.writeHead(200, { "Content-Type": served[1], "Content-Security-Policy": served[2] ?? POLICY });
    return response.end(readFileSync(served[0]));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

let passed = 0;
let failed = 0;
function holds(what, condition, found = "") {
  if (condition) passed += 1;
  else {
    failed += 1;
    console.log(`failed: ${what}${found === "" ? "" : `: found ${found}`}`);
  }
}
const is = (what, found, expected) => holds(`${what}: expected ${expected}`, found === expected, `${found}`);

/** The first case of that sort, from the corpus. */
function sample(kind, expect, words = "") {
  return corpus.find((one) => one.kind === kind && one.expect === expect && one.name.includes(words));
}
const GOOD = sample("receipt", "ok", "two of three");
const TRANSFER = sample("receipt", "ok", "record: transfer");
const FORGED = sample("receipt", "not_included");
const BALANCE = sample("balance", "ok");
const CHECKPOINT = sample("checkpoint", "ok");

const keyOf = (policy) => /^log (\S+)/m.exec(policy)[1];
const fileOf = (name, base64) => ({ name, mimeType: "text/plain", buffer: Buffer.from(bytesOf(base64)) });

class Person {
  static async visits(browser, url, options) {
    const context = await browser.newContext({ ...options, serviceWorkers: "block" });
    const person = new Person();
    Object.assign(person, { context, page: await context.newPage(), requests: [], complaints: [] });
    person.page.on("request", (request) => person.requests.push(request.url()));
    person.page.on("pageerror", (error) => person.complaints.push(`${error}`));
    person.page.on("console", (line) => line.type() !== "log" && person.complaints.push(line.text()));
    if (options.javaScriptEnabled === false || url.endsWith("/public")) await person.page.goto(url);
    else await person.opens(url);
    return person;
  }

  async opens(url) {
    await this.page.goto(url);
    await this.page.waitForSelector("html[data-ready=yes]");
  }

  /** Cuts the network: from here on nothing can be asked, and nothing may try. */
  async goesOffline() {
    this.requests.length = 0;
    await this.context.setOffline(true);
  }

  async after(action) {
    const run = () => this.page.evaluate(() => document.getElementById("verdict").dataset.run ?? "0");
    const before = await run();
    await action();
    await this.page.waitForFunction((run) => (document.getElementById("verdict").dataset.run ?? "0") !== run, before);
    return this.verdict();
  }

  verdict() {
    return this.page.evaluate(() => {
      const verdict = document.getElementById("verdict");
      const { code, took } = verdict.dataset;
      const facts = [...document.querySelectorAll("#facts-table tr:not(.part)")].map((row) => [...row.cells].map((cell) => cell.innerText));
      return { code, took: Number(took), title: document.getElementById("verdict-title").innerText, text: verdict.innerText, facts };
    });
  }

  trusts(policy) {
    return this.page.evaluate((policy) => {
      if (document.getElementById("trust-edit").hidden) document.getElementById("trust-change").click();
    }).then(() => this.page.fill("#policy", policy));
  }

  chooses(...files) {
    return this.after(() => this.page.setInputFiles("#files", files));
  }

  drops(...files) {
    const sent = files.map(({ name, buffer }) => [name, buffer.toString("base64")]);
    return this.after(() => this.page.evaluate((sent) => {
      const dataTransfer = new DataTransfer();
      for (const [name, base64] of sent) {
        dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
      }
      for (const type of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    }, sent));
  }

  async pictured(name) {
    const folder = process.env.PAGE_PICTURES;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: `${folder}/${name}.png` });
    await this.page.screenshot({ path: `${folder}/${name}-whole.png`, fullPage: true });
  }

  async isAccessible(what) {
    await this.page.evaluate(axe);
    const faults = await this.page.evaluate(async () => (await globalThis.axe.run()).violations
      .map(({ id, nodes }) => `${id} ${nodes.map((node) => node.target).join(" ")}`));
    is(`axe: ${what}`, faults.join("; "), "");
    const overflow = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    holds(`nothing is cut off at the side: ${what}`, overflow <= 0, overflow);
  }
}

async function checksFiles(person) {
  await person.pictured("desktop-empty");
  await person.isAccessible("empty");
  is("the module is fetched once", person.requests.filter((url) => url.endsWith(".wasm")).length, 1);
  await person.goesOffline();

  let told = await person.chooses(fileOf("receipt.txt", GOOD.file));
  is("without a key nothing is said", told.code, "wait");
  await person.pictured("desktop-no-key");
  told = await person.after(() => person.trusts(GOOD.policy));
  is("a good receipt", told.code, "ok");
  holds("in words", told.title.startsWith("Yes"), told.title);
  holds("who signed", told.text.includes(/^log ([^+]+)/m.exec(GOOD.policy)[1]), told.text);
  holds("how many witnesses, and when", /\d+ witness(es)?\s[^]*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.test(told.text), told.text);
  const took = [told.took];
  while (took.length < 5) took.push((await person.chooses(fileOf("receipt.txt", GOOD.file))).took);
  took.sort((a, b) => a - b);
  holds(`in ${CHECK_MILLISECONDS} ms, the median of five`, took[2] < CHECK_MILLISECONDS, took.join(" "));
  console.log(`a receipt with witnesses was checked in ${took.map((each) => each.toFixed(1)).join(", ")} ms`);
  await person.pictured("desktop-yes");
  await person.isAccessible("yes");

  told = await person.drops(fileOf("forged.txt", FORGED.file));
  is("a forged receipt, under another policy", told.code === "ok", false);
  await person.after(() => person.trusts(FORGED.policy));
  told = await person.verdict();
  is("a forged receipt", told.code, FORGED.expect);
  holds("in words", told.title.startsWith("No") && told.text.includes(FORGED.expect), told.text);
  is("no facts of it are shown", await person.page.isVisible("#facts"), false);
  await person.page.click("#trust-done");
  await person.pictured("desktop-no");
  await person.isAccessible("no");
}

async function checksOthers(person) {
  const proof = fileOf("balance.txt", BALANCE.file);
  const receipt = fileOf("statement.txt", BALANCE.statement);
  await person.after(() => person.trusts(BALANCE.policy));
  let told = await person.drops(receipt, proof);
  is("a balance proof, the receipt first", told.code, "ok");
  told = await person.drops(proof, receipt);
  is("a balance proof, the proof first", told.code, "ok");
  await person.pictured("desktop-balance");
  await person.page.click("#chosen li:nth-child(2) button");
  told = await person.verdict();
  is("a balance proof alone waits", told.code, "wait");
  await person.pictured("desktop-balance-alone");
  told = await person.chooses(receipt);
  is("until the receipt comes", told.code, "ok");
  const facts = Object.fromEntries(told.facts);
  holds("amounts are told in minor units", /^(\d+)\n[\d\u202f]+ minor units?$/.test(facts.amount), facts.amount);
  await person.page.click("#chosen li:first-child button");
  await person.page.click("#chosen li:first-child button");
  is("nothing chosen, nothing said", await person.page.isVisible("#verdict"), false);

  await person.trusts(CHECKPOINT.policy);
  told = await person.chooses(fileOf("checkpoint", CHECKPOINT.file));
  is("a checkpoint", told.code, "ok");
  await person.pictured("desktop-checkpoint");

  await person.after(() => person.trusts(`${keyOf(TRANSFER.policy)}`));
  await person.page.click("#paste summary");
  await person.page.fill("#pasted", Buffer.from(bytesOf(TRANSFER.file)).toString().trimEnd());
  told = await person.after(() => person.page.click("#paste-add"));
  is("a pasted receipt of a transfer, with a bare key", told.code, "ok");
  const times = Object.fromEntries(told.facts).timestamp;
  holds("times are told in UTC and raw", /^\d{4}-\d\d-\d\dT[\d:.]+Z\n\d+ ns since 1970$/.test(times), times);

  told = await person.after(() => person.trusts(`${keyOf(TRANSFER.policy)}x`));
  is("a key that is none", told.code, "bad_policy");
  is("is told where it stands", await person.page.isVisible("#policy-fault"), true);
  await person.pictured("desktop-bad-key");
  await person.isAccessible("bad key");
  await person.after(() => person.trusts(TRANSFER.policy));
}

/** Every case of the corpus through the page itself, where the page lays the files out as the case does. */
async function checksCorpus(person) {
  const isProof = (base64) => Buffer.from(bytesOf(base64)).toString("latin1").startsWith("counterfoil/balance-proof@v1\n");
  const fits = ({ file, statement }) => isProof(file) === (statement !== undefined) && !(statement && isProof(statement));
  const cases = corpus.filter(fits);
  const found = await person.page.evaluate(async (cases) => {
    const verdict = document.getElementById("verdict");
    const policy = document.getElementById("policy");
    const input = document.getElementById("files");
    const changed = () => new Promise((resolve) => {
      new MutationObserver((_, observer) => { observer.disconnect(); resolve(); }).observe(verdict, { attributeFilter: ["data-run"] });
    });
    const made = (base64) => new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], "case");
    const codes = [];
    for (const { file, statement, policy: text } of cases) {
      for (const remove of document.querySelectorAll("#chosen button")) remove.click();
      policy.value = text;
      const transfer = new DataTransfer();
      for (const base64 of [file, statement]) if (base64 !== undefined) transfer.items.add(made(base64));
      const change = changed();
      input.files = transfer.files;
      input.dispatchEvent(new Event("change"));
      await change;
      await new Promise((resolve) => { setTimeout(resolve); });
      codes.push([verdict.dataset.code, verdict.dataset.kind, Number(verdict.dataset.took)]);
    }
    return codes;
  }, cases);
  let slowest = ["", 0];
  cases.forEach(({ name, kind, expect }, place) => {
    const [code, shown, took] = found[place];
    if (took > slowest[1]) slowest = [name, took];
    is(`corpus: ${name}`, code === "ok" && shown !== kind ? "malformed" : code, expect);
  });
  console.log(`${cases.length} of ${corpus.length} cases fit the page, the slowest, ${slowest[0]}, took ${slowest[1].toFixed(1)} ms`);
}

async function usesAPhone(browser, url) {
  for (const colorScheme of ["light", "dark"]) {
    const person = await Person.visits(browser, url, { viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme });
    await person.pictured(`phone-${colorScheme}-empty`);
    await person.trusts(GOOD.policy);
    await person.goesOffline();
    is("on a phone", (await person.chooses(fileOf("transfer-1003.receipt", GOOD.file))).code, "ok");
    is("room is made for the verdict", await person.page.isVisible("#trust-edit"), false);
    const at = await person.page.evaluate(() => document.getElementById("verdict").getBoundingClientRect().toJSON());
    holds("the whole verdict is in sight", at.top >= 0 && at.bottom <= PHONE.height, `${at.top} to ${at.bottom}`);
    await person.pictured(`phone-${colorScheme}-yes`);
    await person.isAccessible(`phone, ${colorScheme}`);
    await person.after(() => person.trusts(FORGED.policy));
    await person.chooses(fileOf("transfer-1003.receipt", FORGED.file));
    await person.pictured(`phone-${colorScheme}-no`);
    await person.isAccessible(`phone, ${colorScheme}, no`);
    is("nothing was asked for while checking", person.requests.join(" "), "");
    is("nothing was complained of", person.complaints.join("\n"), "");
    await person.context.close();
  }
}

/** Read without script on a phone and on a desk, in both colours; what tools check needs script, and is looked at with it. */
async function readsThePublicPage(browser, url) {
  for (const [name, viewport] of [["phone", { width: 375, height: 812 }], ["desktop", { width: 1280, height: 900 }]]) {
    for (const colorScheme of ["light", "dark"]) {
      const what = `public page, ${name}, ${colorScheme}`;
      const reader = await Person.visits(browser, url, { viewport, colorScheme, javaScriptEnabled: false });
      is(`${what}: one heading says what it is`, await reader.page.locator("h1").count(), 1);
      is(`${what}: all sections are there without script`, await reader.page.locator("main > section").count(), 6);
      await reader.pictured(`public-${name}-${colorScheme}`);
      is(`${what}: nothing but its style is asked for`, reader.requests.map((url) => new URL(url).pathname).join(" "), "/public /public.css");
      is(`${what}: nothing was complained of`, reader.complaints.join("\n"), "");
      await reader.context.close();

      const checker = await Person.visits(browser, url, { viewport, colorScheme, bypassCSP: true });
      await checker.page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
      await checker.isAccessible(what);
      const wide = await checker.page.evaluate(() => [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80)));
      is(`${what}: everything lies within the screen`, wide.join("; "), "");
      const columns = await checker.page.evaluate(() => Math.max(...[...document.querySelectorAll("dl")]
        .map((one) => getComputedStyle(one).gridTemplateColumns.split(" ").length)));
      is(`${what}: one column on a phone alone`, columns === 1, name === "phone");
      await checker.page.keyboard.press("Tab");
      is(`${what}: the first stroke leads to the content`, await checker.page.evaluate(() => document.activeElement.className), "skip");
      await checker.context.close();
    }
  }
}

async function comesBack(person, url) {
  await person.context.setOffline(false);
  await person.opens(url);
  is("the keys are kept", await person.page.inputValue("#policy"), TRANSFER.policy);
  is("and shown in a line", await person.page.isVisible("#trust-summary"), true);
  await person.page.keyboard.press("Tab");
  await person.page.keyboard.press("Tab");
  const reached = await person.page.evaluate(() => document.activeElement.id);
  is("two strokes of the tabulator reach the files", reached, "files");
  await person.pictured("desktop-back-keyboard");
}

async function main() {
  const [given] = process.argv.slice(2);
  const server = given ? null : await serve();
  const url = `${given ?? `http://127.0.0.1:${server.address().port}`}/verify`;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    const person = await Person.visits(browser, url, { viewport: DESKTOP });
    await checksFiles(person);
    await checksOthers(person);
    await checksCorpus(person);
    is("nothing was asked for while checking", person.requests.join(" "), "");
    is("nothing was complained of", person.complaints.join("\n"), "");
    await comesBack(person, url);
    await usesAPhone(browser, url);
    await readsThePublicPage(browser, url.replace(/verify$/, "public"));
  } finally {
    await browser.close();
    server?.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
