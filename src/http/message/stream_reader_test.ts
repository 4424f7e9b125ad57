import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { streamReader } from "./stream_reader.ts";

const chunks = (...sizes: readonly number[]) => sizes.map((size, i) => new Uint8Array(size).fill(i + 1));

function streamOf(type: "bytes" | "chunks", parts: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  const pending = [...parts];
  const pull = (controller: { enqueue(chunk: Uint8Array<ArrayBuffer>): void; close(): void }) => {
    const next = pending.shift();
    if (next === undefined) controller.close();
    else controller.enqueue(next);
  };
  return type === "chunks" ? new ReadableStream({ pull }) : new ReadableStream({
    type: "bytes",
    pull(controller) {
      pull(controller);
      // A closed byte stream must also end the pending read.
      if (pending.length === 0 && controller.byobRequest !== null) controller.byobRequest.respond(0);
    },
  });
}

Deno.test("streamReader() fills the caller's buffer from either kind of stream, and loses no byte between reads", async (t) => {
  for (const type of ["bytes", "chunks"] as const) {
    await t.step(type, async () => {
      const reader = streamReader(streamOf(type, chunks(5, 1, 3)), (error) => error);
      const got: number[] = [];
      for (const size of [2, 4, 1, 100, 100, 100, 100]) {
        const buffer = new Uint8Array(size);
        const n = await reader.read(buffer);
        if (n === null) break;
        got.push(...buffer.subarray(0, n));
      }
      assertEquals(got, [1, 1, 1, 1, 1, 2, 3, 3, 3]);
      assertEquals(reader.isDone, true);
      assertEquals(await reader.read(new Uint8Array(1)), null);
    });
  }
});

Deno.test("streamReader() converts errors of the stream, and can be cancelled afterwards", async (t) => {
  const broken = new Error("broken");
  const wrapped = new Error("wrapped");
  for (const type of ["bytes", undefined] as const) {
    await t.step(type ?? "chunks", async () => {
      const pull = () => Promise.reject(broken);
      const stream = type === undefined ? new ReadableStream({ pull }) : new ReadableStream({ type, pull });
      const reader = streamReader(stream, (error) => error === broken ? wrapped : error);
      assertEquals(await assertRejects(() => reader.read(new Uint8Array(1))), wrapped);
      await reader.cancel();
    });
  }
});

Deno.test("cancel() cancels the stream", async () => {
  let cancelled = 0;
  const stream = new ReadableStream({ cancel: () => void cancelled++ });
  await streamReader(stream, (error) => error).cancel();
  assertEquals(cancelled, 1);
});
