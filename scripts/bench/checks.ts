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
import type { Way } from "./networks.ts";
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
  path: string,
  { host, caFile, line }: Way,
  registry: Distribution,
  folder: string,
  runs: number,
): Promise<string> {
  const pull = () => dray.run({ reference: `${host}/${path}`, folder, caFile });
  await pull();
  const before = (await registry.accessLog()).length;
  const samples: Sample[] = [];
  for (let i = 0; i < runs; i++) samples.push(await pull());
  const requests = ((await registry.accessLog()).length - before) / runs;
  if (requests > AGAIN_GOAL.requests) throw new Error(`F: dray asks ${requests} times for what it has`);
  return `F: an image that is there already, ${line.what} (goal: ${AGAIN_GOAL.requests} request, ${AGAIN_GOAL.ms} ms): ${requests} request(s), ${
    inMs(summarize(samples))
  }\n`;
}

/** Two images in a registry, and the layers that both have. */
export interface Sharing {
  readonly paths: readonly string[];
  readonly shared: ReadonlyMap<string, number>;
}

/** Makes and pushes two images that share most of their layers. */
export async function pushSharing(registry: Distribution): Promise<Sharing> {
  const layers = Array.from({ length: 8 }, (_, i) => ({ size: 500_000, seed: 900 + i }));
  const first = await buildImage({ layers: [...layers, { size: 30_000, seed: 990 }], seed: 1 });
  const second = await buildImage({ layers: [...layers, { size: 40_000, seed: 991 }], seed: 2 });
  const paths: string[] = [];
  for (const [i, image] of [first, second].entries()) {
    const reference = await pushTo(registry.origin, "bench/g", String(i), image);
    paths.push(reference.slice(reference.indexOf("/") + 1));
  }
  const both = first.blobs.filter(({ digest }) => second.blobs.some((blob) => blob.digest === digest));
  return { paths, shared: new Map(both.map(({ digest, size }) => [digest, size])) };
}

/** G: pulls both. @throws Error if any byte of what they share comes twice */
export async function pullSharing(
  dray: Contender,
  { paths, shared }: Sharing,
  { host, caFile, line }: Way,
  registry: Distribution,
  folder: string,
): Promise<string> {
  const from = (await registry.accessLog()).length;
  for (const path of paths) await dray.run({ reference: `${host}/${path}`, folder, caFile });
  let bytes = 0;
  for (const { method, path, status, bytes: sent } of (await registry.accessLog()).slice(from)) {
    if (method !== "GET" || status >= 300) continue;
    if (shared.has(/\/blobs\/(sha256:.*)/.exec(path)?.[1] ?? "")) bytes += sent;
  }
  const size = [...shared.values()].reduce((sum, one) => sum + one, 0);
  if (bytes !== size) throw new Error(`G: of ${size} shared bytes ${bytes} came`);
  return `G: two images that share ${shared.size} layers of ${size} bytes, ${line.what}: ${bytes} bytes of these came, ${
    bytes - size
  } of them twice\n`;
}

function inMs({ wall, least, most, cpu, memory }: Summary): string {
  const [middle, lowest, highest] = [wall, least, most].map((seconds) => Math.round(seconds * 1000));
  return `${middle} ms (${lowest}–${highest}), ${secondsOf(cpu)} CPU s, ${megabytesOf(memory)} MB`;
}
