import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { makeManyImages, nameOf } from "../cri/many_images.ts";
import { CriClient } from "../cri/test_service.ts";
import { assertEquals } from "../assert.ts";
import { startServing } from "./cri.ts";
import { realTest, SLOW_MS } from "./tools.ts";

const IMAGES = 10_000;
/** Calls per method. */
const TIMES = 15;

/** Makes a call several times, and returns the median duration in milliseconds. */
async function median(call: (i: number) => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const begin = performance.now();
    await call(i);
    took.push(performance.now() - begin);
  }
  return took.sort((a, b) => a - b)[Math.floor(TIMES / 2)] ?? Infinity;
}

realTest(
  { timeout: SLOW_MS },
  `with ${IMAGES} images every call succeeds, and prints its duration`,
  async (t) => {
    const store = await Deno.makeTempDir({ prefix: "dray-many-" });
    try {
      await makeManyImages(store, IMAGES);
      await using serving = await startServing({ store });
      using cri = await CriClient.connect(serving.socket);
      const { client } = cri;
      const { imageFsInfo, listImages, streamImages } = ImageService.method;
      assertEquals((await cri.list()).length, IMAGES);
      const calls: readonly (readonly [string, (i: number) => Promise<unknown>])[] = [
        ["ImageFsInfo", () => cri.call(imageFsInfo, {})],
        ["ImageStatus", (i) => cri.status(nameOf(i * 7))],
        ["ListImages with a filter", (i) => cri.list(nameOf(i * 7))],
        // The duration includes window updates and the test's client.
        ["ListImages", () => cri.send(listImages, {}).then((id) => client.response(id))],
        ["StreamImages", () => cri.send(streamImages, {}).then((id) => client.response(id))],
        ["RemoveImage", (i) => cri.remove(nameOf(i))],
      ];
      for (const [name, call] of calls) {
        await t.step(
          name,
          async () => console.log(`${name}: ${(await median(call)).toFixed(1)} ms, median of ${TIMES}`),
        );
      }
      assertEquals((await cri.list()).length, IMAGES - TIMES);
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  },
);
