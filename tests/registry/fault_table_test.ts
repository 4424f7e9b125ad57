import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { mapBounded } from "../../src/base/concurrency/limiter.ts";
import { assertEquals } from "../assert.ts";
import { FAULT_GROUPS } from "./fault_cases.ts";
import { buildFaultImage, isAsExpected, runFaultCase } from "./fault_table.ts";

/** Cases in parallel: most of them wait for a timeout. */
const CASES = 4;

for (const [group, cases] of Object.entries(FAULT_GROUPS)) {
  Deno.test(`Each pull ends as the fault table says: ${group}`, { timeout: 5 * 60_000 }, async () => {
    const image = await buildFaultImage();
    const unexpected: string[] = [];
    await mapBounded(cases, CASES, async (test) => {
      for (const result of await runFaultCase(test, image)) {
        const { target, times, exit, expectedExit, error } = result;
        if (isAsExpected(result)) continue;
        unexpected.push(`${test.name}, ${target}, ${times}: exit ${exit}, want ${expectedExit}: ${error}`);
      }
    }, neverAborted());
    assertEquals(unexpected, []);
  });
}
