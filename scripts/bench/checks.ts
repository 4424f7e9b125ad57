/**
 * Measurements and checks of dray that aren't comparisons of pulls: start-up time, a pull of an image that is already
 * stored (F), and two images that share layers (G).
 *
 * @module
 */
import { buildImage } from "../../tests/images/mod.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { pushTo } from "../../tests/real/push.ts";
import { findTool } from "../../tests/real/tools.ts";
import type { Program } from "./compare.ts";
import { START_GOAL_MS, STORED_GOAL } from "./goals.ts";
import { measure, type Sample, summarize, type Summary } from "./measure.ts";
import type { Route } from "./networks.ts";
import { interleaved } from "./order.ts";
import { megabytesOf, secondsOf } from "./table.ts";

/** A command that prints a version and ends. */
export type Starter = readonly [name: string, command: readonly string[]];

/** Measures the start-up of the given commands, of crane and of skopeo. Returns a line for the report. */
export async function startUp(starters: readonly Starter[], runs: number): Promise<string> {
  const others: Starter[] = [["crane", ["crane", "version"]], ["skopeo", ["skopeo", "--version"]]];
  const entries = [
    ...starters,
    ...others.filter(([name]) => findTool(name) !== undefined),
  ].map(([name, [program = "", ...args]]) => ({
    name,
    command: { program: findTool(program) ?? program, args },
    samples: [] as Sample[],
  }));
  for (let round = 0; round < 3 * runs; round++) {
    for (const { command, samples } of interleaved(entries, round)) samples.push(await measure(command));
  }
  const results = entries.map(({ name, samples }) => `${name} ${millisecondsOf(summarize(samples))}`);
  return `Start-up (the version command; goal for the bundle: ${START_GOAL_MS} ms): ${results.join("; ")}\n`;
}

/**
 * F: pulls an image into a store that already has it, `runs` times.
 *
 * @throws Error if a pull sends more requests than the goal allows
 */
export async function pullStored(
  dray: Program,
  path: string,
  { host, caFile, network }: Route,
  registry: Distribution,
  directory: string,
  runs: number,
): Promise<string> {
  const pull = () => dray.run({ reference: `${host}/${path}`, directory, caFile });
  await pull();
  const before = (await registry.accessLog()).length;
  const samples: Sample[] = [];
  for (let i = 0; i < runs; i++) samples.push(await pull());
  const requests = ((await registry.accessLog()).length - before) / runs;
  if (requests > STORED_GOAL.requests) {
    throw new Error(
      `F: dray sends ${requests} requests per pull of a stored image, want ${STORED_GOAL.requests}`,
    );
  }
  return `F: an image that is already stored, ${network.title} (goal: ${STORED_GOAL.requests} request, ${STORED_GOAL.ms} ms): ${requests} request(s), ${
    millisecondsOf(summarize(samples))
  }\n`;
}

/** Two images in a registry. */
export interface Sharing {
  readonly paths: readonly string[];
  /** Sizes of the blobs that both images have, by digest. */
  readonly shared: ReadonlyMap<string, number>;
}

/** Builds and pushes two images that share most of their layers. */
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

/** G: pulls both images. @throws Error if a shared blob isn't downloaded exactly once */
export async function pullSharing(
  dray: Program,
  { paths, shared }: Sharing,
  { host, caFile, network }: Route,
  registry: Distribution,
  directory: string,
): Promise<string> {
  const from = (await registry.accessLog()).length;
  for (const path of paths) await dray.run({ reference: `${host}/${path}`, directory, caFile });
  let bytes = 0;
  for (const { method, path, status, bytes: sent } of (await registry.accessLog()).slice(from)) {
    if (method !== "GET" || status >= 300) continue;
    if (shared.has(/\/blobs\/(sha256:.*)/.exec(path)?.[1] ?? "")) bytes += sent;
  }
  const size = [...shared.values()].reduce((sum, one) => sum + one, 0);
  if (bytes !== size) throw new Error(`G: dray downloaded ${bytes} bytes of shared layers, want ${size}`);
  return `G: two images that share ${shared.size} layers of ${size} bytes, ${network.title}: each shared byte was downloaded once\n`;
}

function millisecondsOf({ wall, least, most, cpu, memory }: Summary): string {
  const [median, lowest, highest] = [wall, least, most].map((seconds) => Math.round(seconds * 1000));
  return `${median} ms (${lowest}–${highest}), ${secondsOf(cpu)} CPU s, ${megabytesOf(memory)} MB`;
}
