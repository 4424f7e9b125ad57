import { assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import type { FeedLine } from "../../cri/pulls/progress_feed.ts";
import type { PullEvent } from "../../image/model/events.ts";
import { progressEvent } from "../../image/pull/progress_line.ts";
import { parseDigest } from "../../oci/digest.ts";
import { eventOfLine } from "./line_event.ts";
import { livePulls } from "./live_pulls.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);

function lineOf(event: PullEvent, pull = "1", name = "a:1"): FeedLine {
  return { v: 1, time: "2026-01-02T03:04:05Z", name, pull, ...progressEvent(event) };
}

const EVENTS: readonly PullEvent[] = [
  { kind: "resolving", name: "a:1" },
  { kind: "resolved", name: "a:1", digest: DIGEST, host: "h" },
  {
    kind: "selected",
    name: "a:1",
    digest: DIGEST,
    platform: { os: "linux", architecture: "arm", variant: "v7" },
  },
  { kind: "selected", name: "a:1", digest: DIGEST },
  { kind: "planned", name: "a:1", blobs: [{ digest: DIGEST, size: 10, mediaType: "x", role: "layer" }] },
  { kind: "blob", digest: DIGEST, state: "fetching", offset: 1, size: 10, host: "h" },
  { kind: "blob", digest: DIGEST, state: "committed", offset: 10, size: 10 },
  { kind: "bytes", digest: DIGEST, offset: 5, size: 10 },
  { kind: "retry", digest: DIGEST, attempt: 2, offset: 3, delayMs: 100, reason: "why" },
  { kind: "restart", digest: DIGEST, reason: "why" },
  { kind: "warning", message: "old" },
  { kind: "recorded", name: "a:1", names: ["a:1"], imageId: DIGEST },
];

Deno.test("eventOfLine() is the inverse of progressEvent()", async (t) => {
  for (const event of EVENTS) {
    await t.step(event.kind, () => assertEquals(eventOfLine(lineOf(event)), event));
  }
});

Deno.test("livePulls() never uses more rows than the terminal has", () => {
  let text = "";
  {
    using view = livePulls({
      terminal: { write: (more) => text += more, size: () => ({ columns: 80, rows: 12 }) },
      clock: { now: () => 0, every: () => () => {} },
      colours: false,
    });
    for (let i = 0; i < 9; i++) {
      for (const event of EVENTS.slice(0, 6)) view.apply(lineOf(event, String(i), `image-${i}:1`));
    }
    view.apply({ v: 1, time: "", name: "image-0:1", pull: "0", event: "end", outcome: "done", kept: 0 });
  }
  assertStringIncludes(text, "done: image-0:1");
  const last = text.slice(text.lastIndexOf("done: image-0:1"));
  assertEquals(last.split("\n").length <= 13, true, last);
});
