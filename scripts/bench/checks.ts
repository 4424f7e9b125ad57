/**
 * What is not a race: pulling what is there already, and layers that two images share.
 *
 * @module
 */
import { buildImage } from "../../tests/images/mod.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { pushTo } from "../../tests/real/push.ts";
import { type Sample, summarize } from "./measure.ts";
import type { Contender } from "./tools.ts";

/** Pulls an image twice into one folder, several times. Gives a line for the report. */
export async function pullAgain(
  dray: Contender,
  registry: Distribution,
  reference: string,
  folder: string,
  runs: number,
): Promise<string> {
  const pull = () => dray.pull({ reference, folder, caFile: undefined });
  await pull();
  const before = (await registry.accessLog()).length;
  const samples: Sample[] = [];
  for (let i = 0; i < runs; i++) samples.push(await pull());
  const requests = ((await registry.accessLog()).length - before) / runs;
  const { wall, least, most, memory } = summarize(samples);
  const times = [wall, least, most].map((s) => Math.round(s * 1000));
  return `F, an image that is there already: ${times[0]} ms (${times[1]}–${
    times[2]
  }), ${requests} request(s), ${Math.round(memory)} MiB\n`;
}

/** Pulls two images that share most of their layers. Gives a line for the report. */
export async function pullSharing(dray: Contender, registry: Distribution, folder: string): Promise<string> {
  const shared = Array.from({ length: 8 }, (_, i) => ({ size: 500_000, seed: 900 + i }));
  const first = await buildImage({ layers: [...shared, { size: 30_000, seed: 990 }], seed: 1 });
  const second = await buildImage({ layers: [...shared, { size: 40_000, seed: 991 }], seed: 2 });
  const seen = new Map<string, number>();
  const from = (await registry.accessLog()).length;
  for (const [i, image] of [first, second].entries()) {
    const reference = await pushTo(registry.origin, "bench/g", String(i), image);
    await dray.pull({ reference, folder, caFile: undefined });
  }
  for (const { method, path, status } of (await registry.accessLog()).slice(from)) {
    if (method === "GET" && status < 300 && path.includes("/blobs/sha256:")) {
      seen.set(path, (seen.get(path) ?? 0) + 1);
    }
  }
  const twice = [...seen.values()].filter((times) => times > 1).length;
  return `G, two images that share 8 layers: ${seen.size} blobs came, ${twice} of them twice\n`;
}
