import { assert, assertEquals } from "../../../tests/assert.ts";
import { ReceiveWindow } from "./flow_window.ts";
import { FrameReader } from "../frame/frame_reader.ts";
import { FrameWriter } from "./frame_writer.ts";
import { SendBudget } from "./send_budget.ts";
import { SendQueue } from "./send_queue.ts";
import { Http2Stream, type StreamOwner } from "./stream.ts";

const BLOCK = Uint8Array.of(0x88);
const TRAILERS = Uint8Array.of(0x89);

/** Creates a writer whose output is kept in memory. */
function setUp(windowBytes = 1 << 20) {
  const writes: Uint8Array[] = [];
  const quiet = { resolve: () => {} };
  const sent: number[] = [];
  const writer = new FrameWriter({
    write(bytes) {
      writes.push(bytes.slice());
      return Promise.resolve(bytes.length);
    },
  }, {
    sent: (stream) => sent.push(stream.id),
    written: () => quiet.resolve(),
    failed: (error) => {
      throw error;
    },
  });
  const budget = new SendBudget({ queuedResponseBytes: 1e9, allQueuedResponseBytes: 1e9 }, { bytes: 0 });
  const owner: StreamOwner = {
    budget,
    ready: (stream) => writer.ready(stream),
    reset() {},
    evict() {},
    closed() {},
  };
  const open = (id: number) => {
    const halves = { outgoing: new SendQueue(windowBytes, budget), incoming: new ReceiveWindow(100) };
    return new Http2Stream(owner, id, new Map(), halves);
  };
  const settled = () => new Promise<void>((resolve) => quiet.resolve = resolve);
  return { writer, open, writes, sent, settled };
}

/** Returns the frames of a write, as "type stream length". */
async function framesOf(write: Uint8Array): Promise<string[]> {
  let rest = write;
  const reader = new FrameReader({
    read(buffer) {
      const n = Math.min(buffer.length, rest.length);
      buffer.set(rest.subarray(0, n));
      rest = rest.subarray(n);
      return Promise.resolve(n === 0 ? null : n);
    },
  });
  const frames: string[] = [];
  while (await reader.fill()) {
    while (reader.next()) frames.push(`${reader.type} ${reader.streamId} ${reader.payload.length}`);
  }
  return frames;
}

Deno.test("FrameWriter sends the responses of one tick with one write, control frames first", async () => {
  const { writer, open, writes, sent, settled } = setUp();
  for (const id of [1, 3]) {
    const stream = open(id);
    stream.sendHeaders(BLOCK);
    stream.write(new Uint8Array(5));
    stream.write(new Uint8Array(10));
    stream.end(TRAILERS);
  }
  writer.control(Uint8Array.of(0, 0, 0, 4, 1, 0, 0, 0, 0));
  await settled();
  assertEquals(writes.length, 1);
  const frames = await framesOf(writes[0] as Uint8Array);
  assertEquals(frames, ["4 0 0", "1 1 1", "0 1 15", "1 1 1", "1 3 1", "0 3 15", "1 3 1"]);
  assertEquals(sent, [1, 3]);
});

Deno.test("FrameWriter alternates between streams every 16 KiB, in writes of at most 64 KiB", async () => {
  const { writer, open, writes, settled } = setUp();
  writer.window.grow(1 << 20);
  for (const id of [1, 3]) {
    const stream = open(id);
    stream.write(new Uint8Array(40_000));
    stream.end();
  }
  await settled();
  assert(writes.every((write) => write.length <= 64 * 1024));
  const frames = (await Promise.all(writes.map(framesOf))).flat();
  const order = frames.map((frame) => frame.split(" ")[1]).join("");
  assertEquals(order.slice(0, 4), "1313");
  assert(frames.every((frame) => Number(frame.split(" ")[2]) <= 16_384));
  const bytesOf = (id: string) =>
    frames.filter((frame) => frame.startsWith(`0 ${id} `)).reduce(
      (sum, f) => sum + Number(f.split(" ")[2]),
      0,
    );
  assertEquals([bytesOf("1"), bytesOf("3")], [40_000, 40_000]);
});

Deno.test("FrameWriter waits for the windows, and continues when they open", async () => {
  const { writer, open, writes, settled } = setUp(10);
  const stream = open(1);
  stream.write(new Uint8Array(25));
  stream.end();
  await settled();
  assertEquals(await framesOf(writes[0] as Uint8Array), ["0 1 10"]);
  assert(stream.outgoing.blockedAt !== undefined);
  stream.outgoing.window.grow(100);
  writer.window.available = 0;
  writer.ready(stream);
  await settled();
  assertEquals(writes.length, 1);
  writer.window.grow(100);
  writer.windowGrew();
  await settled();
  assertEquals(await framesOf(writes[1] as Uint8Array), ["0 1 15"]);
  assertEquals(stream.outgoing.blockedAt, undefined);
});
