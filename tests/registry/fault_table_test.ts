import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { mapBounded } from "../../src/base/concurrency/limiter.ts";
import { assertEquals } from "../assert.ts";
import { FAULT_GROUPS } from "./fault_cases.ts";
import { CAN_RESET } from "./reset_relay.ts";
import { buildFaultImage, isAsExpected, runFaultCase } from "./fault_table.ts";

/** Cases in parallel: most of them wait for a timeout. */
const CASES = 4;
/** Spread into the definition, because Deno 2.6 doesn't know the option; see `tests/time_limit.ts`. */
const LIMIT = { timeout: 5 * 60_000 };

for (const [group, cases] of Object.entries(FAULT_GROUPS)) {
  const fn = async () => {
    const image = await buildFaultImage();
    const unexpected: string[] = [];
    await mapBounded(cases.filter((test) => CAN_RESET || !test.canReset), CASES, async (test) => {
      for (const result of await runFaultCase(test, image)) {
        const { target, times, exit, expectedExit, error } = result;
        if (isAsExpected(result)) continue;
        unexpected.push(
          `${test.name}, ${target}, ${times}: exit ${exit}, expected ${expectedExit}: ${error}`,
        );
      }
    }, neverAborted());
    assertEquals(unexpected, []);
  };
  Deno.test({ name: `Each pull ends as the fault table says: ${group}`, fn, ...LIMIT });
}
