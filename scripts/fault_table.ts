/**
 * Prints how a pull ends for each fault of a registry: on the tag, the manifest, a small and a large blob; once,
 * several times (two requests in sequence) and always.
 *
 *     deno task faults [WORD…]
 *
 * With words, only faults whose name contains one of them. Each line has the fault, its target, how often it
 * occurs, the outcome, the exit code of `dray pull`, the number of requests, the time in milliseconds and the
 * error. The pulls run in this process, with short timeouts, and waits between attempts are skipped. An outcome
 * that isn't the expected one is marked, and the script then exits with 1.
 *
 * @module
 */
import { mapBounded } from "../src/base/concurrency/limiter.ts";
import { neverAborted } from "../src/base/concurrency/abort.ts";
import { FAULT_GROUPS } from "../tests/registry/fault_cases.ts";
import {
  buildFaultImage,
  type FaultResult,
  isAsExpected,
  runFaultCase,
} from "../tests/registry/fault_table.ts";

/** Cases in parallel: most of them wait for a timeout. */
const CASES = 3;

const words = Deno.args;
const cases = Object.values(FAULT_GROUPS).flat().filter(({ name }) =>
  words.length === 0 || words.some((word) => name.includes(word))
);
const image = await buildFaultImage();
const width = Math.max(...cases.map(({ name }) => name.length));
let unexpected = 0;
let recovered = 0;
let total = 0;
await mapBounded(cases, CASES, async (test) => {
  for (const result of await runFaultCase(test, image)) print(result);
}, neverAborted());
console.log(
  `${total} pulls: ${recovered} recovered, ${total - recovered} failed, ${unexpected} not as expected`,
);
if (unexpected > 0) Deno.exit(1);

function print(result: FaultResult): void {
  const { case: { name }, target, times, exit, expectedExit, requests, ms, error } = result;
  total++;
  if (exit === 0) recovered++;
  const isExpected = isAsExpected(result);
  if (!isExpected) unexpected++;
  const columns = [
    name.padEnd(width),
    target.padEnd(8),
    times.padEnd(7),
    outcomeOf(exit).padEnd(9),
    String(exit).padStart(2),
    String(requests).padStart(4),
    String(Math.round(ms)).padStart(6),
  ];
  console.log(
    columns.join("  ") + (isExpected ? "" : `  EXPECTED ${expectedExit}`) + (error && `  ${error}`),
  );
}

function outcomeOf(exit: number): string {
  if (exit === 0) return "recovered";
  return exit < 0 ? "hangs" : "failed";
}
