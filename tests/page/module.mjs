// The module as a host without a page has it: no imports, a fresh instance for each check.
import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export const assets = new URL("crates/server/assets/", root);
export const page = new URL("crates/server/src/page/", root);
export const corpus = JSON.parse(readFileSync(new URL("tests/corpus/corpus.json", root), "utf8"));

/** The bytes of a field of a case; `undefined` where it has none. */
export const bytesOf = (base64) => base64 === undefined ? undefined : new Uint8Array(Buffer.from(base64, "base64"));

const compiled = new WebAssembly.Module(readFileSync(new URL("verify.wasm", assets)));
if (WebAssembly.Module.imports(compiled).length > 0) throw new Error("the module has imports");

/** The answer about a file and a statement, which may be `undefined`. */
export function verify(file, statement, policy) {
  const { memory, alloc, free, verify } = new WebAssembly.Instance(compiled, {}).exports;
  const pieces = [file, statement, new TextEncoder().encode(policy)].map((bytes) => {
    if (bytes === undefined) return [0, 0];
    const at = alloc(bytes.length);
    new Uint8Array(memory.buffer).set(bytes, at);
    return [at, bytes.length];
  });
  const packed = verify(...pieces.flat());
  const answer = [Number(packed >> 32n), Number(packed & 0xffffffffn)];
  const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(memory.buffer, ...answer));
  for (const piece of [...pieces, answer]) free(...piece);
  return JSON.parse(text);
}

/** What is said of a case: `ok` or the code. A file that holds as another kind is not what it is called. */
export function verdictOf(answer, kind) {
  if (!answer.ok) return answer.code;
  return answer.facts.find(([name]) => name === "kind")[1] === kind ? "ok" : "malformed";
}
