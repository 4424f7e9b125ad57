import { assertEquals } from "../../tests/assert.ts";
import { type Draw, seededRandom } from "../../tests/random.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { encodeFrame, encodeResetStream, encodeWindowUpdate, FrameType, PREFACE } from "./frame/frame.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import { h2CodeOf } from "./frame/protocol_error.ts";
import {
  dataFrame,
  EMPTY_SETTINGS,
  GET_FIELDS,
  headersFrame,
  settingFrame,
  withPair,
} from "./test_client.ts";

const OK_BLOCK = encodeHeaderBlock([[":status", "200"]]);
const ROUNDS = 400;

function randomFrames(pick: Draw): Uint8Array[] {
  const noise = () => Uint8Array.from({ length: pick(40) }, () => pick(256));
  const streamId = () => 1 + 2 * pick(4);
  const makers: (() => Uint8Array)[] = [
    () => headersFrame(streamId()),
    () => headersFrame(streamId(), GET_FIELDS, "body follows"),
    () => dataFrame(streamId(), noise()),
    () => dataFrame(streamId(), noise(), "body follows"),
    () => encodeResetStream(streamId(), pick(14)),
    () => encodeWindowUpdate(pick(2) * streamId(), pick(2 ** 31)),
    () => settingFrame(pick(8), pick(2 ** 32)),
    () => encodeFrame(pick(12), pick(256), pick(2) * streamId(), noise()),
    () => encodeFrame(FrameType.continuation, pick(256), streamId(), noise()),
  ];
  const frames = Array.from({ length: 1 + pick(12) }, () => makers[pick(makers.length)]?.() ?? noise());
  // Some frames have a damaged byte.
  for (const frame of frames) if (pick(4) === 0) frame[pick(frame.length)] = pick(256);
  return frames;
}

Deno.test("random frames can only end their own connection", async () => {
  let unfinished = 0;
  const onStream: Http2StreamHandler = (stream) => {
    unfinished++;
    let taken = false;
    // A request is either completed or aborted. A response may be aborted after the request was completed.
    const take = () => {
      if (!taken) unfinished--;
      taken = true;
    };
    return {
      data(_bytes, last) {
        if (!last) return;
        take();
        stream.sendHeaders(OK_BLOCK);
        stream.write(new Uint8Array(10));
        stream.end();
      },
      aborted: take,
    };
  };
  const pick = seededRandom();
  for (let round = 1; round <= ROUNDS; round++) {
    await withPair(onStream, {}, async ({ client, connection, errors }) => {
      await client.send(PREFACE, EMPTY_SETTINGS, ...randomFrames(pick));
      await client.conn.closeWrite();
      await client.closed();
      assertEquals(errors.filter((error) => h2CodeOf(error) === undefined), [], `round ${round}`);
      assertEquals(connection.streams.open.size, 0, `round ${round}`);
    });
    assertEquals(unfinished, 0, `round ${round}`);
  }
});
