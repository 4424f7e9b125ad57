import { assert, assertEquals } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import type { Fetcher } from "../../content/remote.ts";
import { fetchBlobs } from "./fetch_blobs.ts";
import type { PullEvent } from "../model/events.ts";
import type { RequiredBlob } from "../model/plan.ts";

const PIPELINED = 5_000;
const LONGER = 100_000;

async function fixture() {
  const parts = await makeFixture();
  const image = await buildImage({ layers: [{ size: PIPELINED, seed: 1 }, { size: LONGER, seed: 2 }] });
  parts.remote.push("1", image);
  const blobs: readonly RequiredBlob[] = [
    { descriptor: image.config, role: "config" },
    ...image.layers.map(({ descriptor }): RequiredBlob => ({ descriptor, role: "layer" })),
  ];
  const events: PullEvent[] = [];
  const fetch = () =>
    fetchBlobs(
      blobs,
      { store: parts.store, fetcher: parts.remote, jobs: 3, onEvent: (event) => events.push(event) },
      neverAborted(),
    );
  return { ...parts, image, blobs, events, fetch };
}

Deno.test("fetchBlobs() counts stored blobs, whether it checked them in advance or not", async () => {
  await using parts = await fixture();
  const { blobs, remote, events, fetch } = parts;
  const all = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  assertEquals(await fetch(), { fetched: all, present: 0 });
  const before = remote.fetches.length;
  events.splice(0);
  assertEquals(await fetch(), { fetched: 0, present: all });
  assertEquals(remote.fetches.length, before);
  const last = new Map(events.map((event) => [event.kind === "blob" && event.digest, event]));
  for (const event of last.values()) assertEquals(event.kind === "blob" && event.state, "present");
});

Deno.test("fetchBlobs() replaces layers of the wrong size", async (t) => {
  for (const [name, position] of [["pipelined", 0], ["longer", 1]] as const) {
    await t.step(name, async () => {
      await using parts = await fixture();
      const { image, store, fetch, damage } = parts;
      await fetch();
      const layer = image.layers[position]?.descriptor;
      assert(layer);
      await damage(layer.digest, "truncate");
      assertEquals((await fetch()).fetched, layer.size);
      assertEquals((await store.findBlob(layer.digest))?.size, layer.size);
    });
  }
});

Deno.test("fetchBlobs() fetches more large blobs in parallel from a distant host if it is adaptive", async (t) => {
  for (const [isAdaptive, want] of [[true, 6], [false, 3]] as const) {
    await t.step(isAdaptive ? "adaptive" : "fixed", async () => {
      await using parts = await makeFixture();
      const layers = Array.from({ length: 6 }, (_, i) => ({ size: 4 * MIB + 1, seed: i }));
      const image = await buildImage({ layers });
      parts.remote.push("1", image);
      let open = 0;
      let most = 0;
      const all = Promise.withResolvers<void>();
      const start = performance.now();
      let passedMs = 0;
      performance.now = () => start + passedMs;
      const fetcher: Fetcher = {
        async fetch(descriptor, options, signal) {
          most = Math.max(most, ++open);
          if (open === want) all.resolve();
          // The first response is late. No body ends before the expected number of them is open.
          passedMs = 1000;
          const body = await parts.remote.fetch(descriptor, options, signal);
          return {
            offset: body.offset,
            host: body.host,
            async read(buffer) {
              await all.promise;
              return await body.read(buffer);
            },
            [Symbol.dispose]() {
              open--;
              body[Symbol.dispose]();
            },
          };
        },
      };
      const blobs = image.layers.map(({ descriptor }): RequiredBlob => ({ descriptor, role: "layer" }));
      const context = { store: parts.store, fetcher, jobs: 3, isAdaptive, onEvent: () => {} };
      try {
        await fetchBlobs(blobs, context, neverAborted());
      } finally {
        Reflect.deleteProperty(performance, "now");
      }
      assertEquals(most, want);
    });
  }
});
