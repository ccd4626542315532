// Checks one file with the module that the page runs.
// Usage: node tests/page/check.mjs FILE POLICY [STATEMENT]; exit code 0 where it holds, else 1.
import { readFileSync } from "node:fs";
import { verify } from "./module.mjs";

const [file, policy, statement] = process.argv.slice(2);
const answer = verify(readFileSync(file), statement && readFileSync(statement), readFileSync(policy, "utf8"));
console.log(answer.ok ? answer.facts.map((fact) => fact.join(": ")).join("\n") : `refused: ${answer.code}: ${answer.what}`);
process.exit(answer.ok ? 0 : 1);
