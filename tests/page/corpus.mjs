// Every case of the corpus through the committed module. Usage: node tests/page/corpus.mjs
import { bytesOf, corpus, verdictOf, verify } from "./module.mjs";

let failed = 0;
const took = [];
for (const { name, kind, file, statement, policy, expect } of corpus) {
  let found;
  try {
    const start = performance.now();
    found = verdictOf(verify(bytesOf(file), bytesOf(statement), policy), kind);
    took.push(performance.now() - start);
  } catch (error) {
    found = `${error}`;
  }
  if (found !== expect) {
    failed += 1;
    console.log(`failed: ${name}: expected ${expect}, found ${found}`);
  }
}
took.sort((a, b) => a - b);
console.log(`median ${took[took.length >> 1].toFixed(2)} ms, slowest ${took.at(-1).toFixed(2)} ms`);
console.log(`${corpus.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
