import { assert, assertEquals, assertMatch, assertRejects } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { isCode, messageOf } from "../../base/errors.ts";
import { readEvents } from "./events.ts";

const HEAD = "HTTP/1.1 200 OK\r\n\r\n";

/** Reads all events from a server that sends `parts`, each after a wait of `ms` milliseconds, and then nothing. */
async function eventsOf(parts: readonly string[], ms: number, silenceMs: number): Promise<string[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    for (const part of parts) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      const bytes = new TextEncoder().encode(part);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    }
    const buffer = new Uint8Array(1024);
    while (await conn.read(buffer) !== null);
  })().catch(() => {});
  const seen: string[] = [];
  try {
    const address = { transport: "tcp", hostname: "127.0.0.1", port: listener.addr.port } as const;
    for await (const { data } of readEvents(address, "it", "/progress", neverAborted(), silenceMs)) {
      seen.push(data);
      if (data === "last") break;
    }
  } finally {
    await serving;
  }
  return seen;
}

Deno.test("readEvents() gives up on a server that hangs", async (t) => {
  for (const parts of [[], [HEAD], [HEAD, "data: a\n\n"]]) {
    await t.step(`after ${parts.length} parts`, async () => {
      const error = await assertRejects(() => eventsOf(parts, 0, 50));
      assert(isCode(error, "network"));
      assertMatch(messageOf(error), /nothing for 0\.05 s/);
    });
  }
  await t.step("accepted: only comments for longer than the limit", async () => {
    const parts = [HEAD, ...Array.from({ length: 10 }, () => ": alive\n\n"), "data: last\n\n"];
    assertEquals(await eventsOf(parts, 50, 400), ["last"]);
  });
});

Deno.test("readEvents() refuses an event without end, and reads a large one", async () => {
  const line = `data: ${"x".repeat(1000)}\n`;
  const error = await assertRejects(() => eventsOf([HEAD, line.repeat(5000)], 0, 10_000));
  assertMatch(messageOf(error), /not a stream of events/);
  assertEquals((await eventsOf([HEAD, line.repeat(1000), "\ndata: last\n\n"], 0, 10_000)).length, 2);
});
