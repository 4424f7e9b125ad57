/**
 * What is not a race: the start, pulling what is there already, and layers that two images share.
 *
 * @module
 */
import { buildImage } from "../../tests/images/mod.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { pushTo } from "../../tests/real/push.ts";
import { findTool } from "../../tests/real/tools.ts";
import type { Contender } from "./contender.ts";
import { AGAIN_GOAL, START_GOAL_MS } from "./goals.ts";
import { measure, type Sample, summarize, type Summary } from "./measure.ts";
import { inTurn } from "./order.ts";
import { megabytesOf, secondsOf } from "./table.ts";

/** A program that says its version, by its name. */
export type Starter = readonly [name: string, words: readonly string[]];

/** What it takes to start programs that say their versions and end, in turn, beside some that are compiled. */
export async function startUp(programs: readonly Starter[], runs: number): Promise<string> {
  const beside: Starter[] = [["crane", ["crane", "version"]], ["skopeo", ["skopeo", "--version"]]];
  const entries = [
    ...programs,
    ...beside.filter(([name]) => findTool(name) !== undefined),
  ].map(([name, [program = "", ...args]]) => ({
    name,
    command: { program: findTool(program) ?? program, args },
    samples: [] as Sample[],
  }));
  for (let round = 0; round < 3 * runs; round++) {
    for (const { command, samples } of inTurn(entries, round)) samples.push(await measure(command));
  }
  const lines = entries.map(({ name, samples }) => `${name} ${inMs(summarize(samples))}`);
  return `Start, saying the version (goal for the bundle: ${START_GOAL_MS} ms): ${lines.join("; ")}\n`;
}

/** F: pulls an image twice into one folder, several times. @throws Error if it asks for more than it may */
export async function pullAgain(
  dray: Contender,
  registry: Distribution,
  reference: string,
  folder: string,
  runs: number,
): Promise<string> {
  const pull = () => dray.run({ reference, folder, caFile: undefined });
  await pull();
  const before = (await registry.accessLog()).length;
  const samples: Sample[] = [];
  for (let i = 0; i < runs; i++) samples.push(await pull());
  const requests = ((await registry.accessLog()).length - before) / runs;
  if (requests > AGAIN_GOAL.requests) throw new Error(`F: dray asks ${requests} times for what it has`);
  return `F: an image that is there already (goal: ${AGAIN_GOAL.requests} request, ${AGAIN_GOAL.ms} ms): ${requests} request(s), ${
    inMs(summarize(samples))
  }\n`;
}

/** G: pulls two images that share most of their layers. @throws Error if any byte of them comes twice */
export async function pullSharing(dray: Contender, registry: Distribution, folder: string): Promise<string> {
  const shared = Array.from({ length: 8 }, (_, i) => ({ size: 500_000, seed: 900 + i }));
  const first = await buildImage({ layers: [...shared, { size: 30_000, seed: 990 }], seed: 1 });
  const second = await buildImage({ layers: [...shared, { size: 40_000, seed: 991 }], seed: 2 });
  const from = (await registry.accessLog()).length;
  for (const [i, image] of [first, second].entries()) {
    const reference = await pushTo(registry.origin, "bench/g", String(i), image);
    await dray.run({ reference, folder, caFile: undefined });
  }
  const came = new Map<string, number>();
  for (const { method, path, status, bytes } of (await registry.accessLog()).slice(from)) {
    if (method !== "GET" || status >= 300) continue;
    const digest = /\/blobs\/(sha256:.*)/.exec(path)?.[1];
    if (digest !== undefined) came.set(digest, (came.get(digest) ?? 0) + bytes);
  }
  const both = first.blobs.filter(({ digest }) => second.blobs.some((blob) => blob.digest === digest));
  const size = both.reduce((sum, blob) => sum + blob.size, 0);
  const bytes = both.reduce((sum, { digest }) => sum + (came.get(digest) ?? 0), 0);
  if (bytes !== size) throw new Error(`G: of ${size} shared bytes ${bytes} came`);
  return `G: two images that share ${both.length} layers of ${size} bytes: ${bytes} bytes of these came, ${
    bytes - size
  } of them twice\n`;
}

function inMs({ wall, least, most, cpu, memory }: Summary): string {
  const [middle, lowest, highest] = [wall, least, most].map((seconds) => Math.round(seconds * 1000));
  return `${middle} ms (${lowest}–${highest}), ${secondsOf(cpu)} CPU s, ${megabytesOf(memory)} MB`;
}
