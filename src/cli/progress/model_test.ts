import { assertEquals } from "../../../tests/assert.ts";
import { PullModel, retainedBytesOf } from "./model.ts";
import { RateMeter } from "./rate.ts";
import { digest, planned } from "./test_kit.ts";

Deno.test("PullModel counts downloaded bytes, not those that were already stored", () => {
  const model = new PullModel("a", 0);
  model.apply(planned(1000, 1000), 0);
  model.apply({ kind: "blob", digest: digest(1), state: "fetching", offset: 600, size: 1000 }, 0);
  assertEquals(model.view(1000).rate, 0);
  model.apply({ kind: "bytes", digest: digest(1), offset: 800, size: 1000 }, 1000);
  assertEquals(model.view(2000).rate, 200);
  assertEquals(model.view(2000).offset, 800);
});

Deno.test("PullModel returns from retrying to fetching with the next byte", () => {
  const model = new PullModel("a", 0);
  model.apply(planned(1000), 0);
  model.apply({ kind: "blob", digest: digest(1), state: "fetching", offset: 0, size: 1000 }, 0);
  model.apply({ kind: "retry", digest: digest(1), attempt: 2, offset: 10, delayMs: 0, reason: "x" }, 1);
  assertEquals(model.view(2).blobs[0]?.state, "retrying");
  model.apply({ kind: "bytes", digest: digest(1), offset: 20, size: 1000 }, 2);
  const [blob] = model.view(3).blobs;
  assertEquals([blob?.state, blob?.note, blob?.offset], ["fetching", undefined, 20]);
  model.apply({ kind: "restart", digest: digest(1), reason: "wrong bytes" }, 3);
  assertEquals(model.view(3).offset, 0);
});

Deno.test("retainedBytesOf() counts the bytes from which the next pull resumes", () => {
  const model = new PullModel("a", 0);
  model.apply(planned(1000, 1000, 1000), 0);
  model.apply({ kind: "blob", digest: digest(1), state: "committed", offset: 1000, size: 1000 }, 0);
  model.apply({ kind: "blob", digest: digest(2), state: "fetching", offset: 100, size: 1000 }, 0);
  model.apply({ kind: "bytes", digest: digest(2), offset: 300, size: 1000 }, 0);
  assertEquals(retainedBytesOf(model.view(0)), 300);
});

Deno.test("PullModel ignores blobs that were never planned", () => {
  const model = new PullModel("a", 0);
  model.apply({ kind: "bytes", digest: digest(1), offset: 20, size: 1000 }, 2);
  assertEquals(model.view(3).blobs, []);
});

Deno.test("RateMeter drops samples older than its window", () => {
  const meter = new RateMeter();
  meter.add(1000, 0);
  assertEquals(meter.perSecond(0), 1000);
  assertEquals(meter.perSecond(2000), 500);
  meter.add(1000, 2000);
  assertEquals(meter.perSecond(5000), 1000 * 1000 / 3000);
  assertEquals(meter.perSecond(10_000), 0);
});
