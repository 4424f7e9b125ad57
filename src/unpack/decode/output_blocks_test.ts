import { assert, assertEquals } from "../../../tests/assert.ts";
import { seededRandom } from "../../../tests/random.ts";
import { concatBytes } from "../../base/bytes.ts";
import { OutputBlocks } from "./output_blocks.ts";

Deno.test("OutputBlocks writes all bytes in order, in pieces of any size", async () => {
  const got: Uint8Array[] = [];
  const want: Uint8Array[] = [];
  const output = new OutputBlocks({ write: (bytes) => Promise.resolve(void got.push(bytes.slice())) });
  const draw = seededRandom();
  for (let i = 0; i < 60; i++) {
    const length = draw(i % 7 === 0 ? 700_000 : 5000);
    if (draw(3) === 0) {
      output.addZeros(length);
      want.push(new Uint8Array(length));
    } else {
      const bytes = new Uint8Array(length).fill(1 + draw(255));
      output.add(bytes);
      want.push(bytes.slice());
      // The caller may reuse its buffer after add().
      bytes.fill(0);
    }
    if (draw(5) === 0) await output.flush();
  }
  await output.flush();
  await output.flush();
  const [all, expected] = [concatBytes(got), concatBytes(want)];
  assertEquals(all.length, expected.length);
  assert(all.every((byte, i) => byte === expected[i]));
});

Deno.test("OutputBlocks writes a long run of zeros in pieces, without storing it", async () => {
  let bytes = 0;
  let largest = 0;
  const output = new OutputBlocks({
    write(piece) {
      bytes += piece.length;
      largest = Math.max(largest, piece.length);
      return Promise.resolve();
    },
  });
  output.add(new Uint8Array(3));
  output.addZeros(3_000_000_001);
  await output.flush();
  assertEquals(bytes, 3_000_000_004);
  assert(largest <= 1_000_000);
});
