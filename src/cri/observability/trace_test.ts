import { assertEquals } from "../../../tests/assert.ts";
import { parseTraceParent } from "./trace.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("parseTraceParent() follows the specification and ignores invalid values", async (t) => {
  const parent = (sampled: boolean) => ({ traceId: TRACE, spanId: SPAN, sampled });
  const cases: readonly [text: string | undefined, want: unknown][] = [
    [`00-${TRACE}-${SPAN}-01`, parent(true)],
    [`00-${TRACE}-${SPAN}-00`, parent(false)],
    [`01-${TRACE}-${SPAN}-03-later`, parent(true)],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${"0".repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${"0".repeat(16)}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${SPAN}-01\nlevel=error`, undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [text, want] of cases) {
    await t.step(JSON.stringify(text) ?? "none", () => assertEquals(parseTraceParent(text), want));
  }
});
