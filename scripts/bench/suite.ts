/**
 * All the work, in its order.
 *
 * @module
 */
import { type Distribution, startDistribution } from "../../tests/real/distribution.ts";
import { findTool } from "../../tests/real/tools.ts";
import { prepareBareLoops } from "./bare_loop.ts";
import { pullAgain, pullSharing, pushSharing, type Sharing, type Starter, startUp } from "./checks.ts";
import type { Contender } from "./contender.ts";
import { chartOf } from "./chart.ts";
import { criLoad } from "./cri_load.ts";
import { baselineOf, type Dray, ours, prepareDray, pullArgs } from "./dray.ts";
import { type Line, NETWORKS, type Way, whereOf } from "./networks.ts";
import { findNoSync } from "./no_sync.ts";
import type { Options } from "./options.ts";
import { startProxy } from "./proxy.ts";
import { race, warmBytesFor } from "./race.ts";
import { Report } from "./report.ts";
import { machine } from "./table.ts";
import { rivals } from "./tools.ts";
import { pushTrees, raceAtTrees, type Tree, unpackFirst } from "./tree.ts";
import { raceAtLayer } from "./unpack_layer.ts";
import { bytesOf, push, type Work, WORKS } from "./work.ts";

/** Calls of ListImages in a race, made small and not. */
const CRI_CALLS = { quick: 500, full: 20_000 };

/** What all parts need. */
interface Suite {
  readonly options: Options;
  readonly dray: Dray;
  /** Of the rivals those that were chosen. */
  readonly rivals: readonly Contender[];
  /** What dray's own code is measured by. */
  readonly loops: readonly Contender[];
  /** For whatever is made on the way. */
  readonly folder: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What is in the registries, each thing by its path and tag. */
interface Content {
  readonly references: ReadonlyMap<Work, string>;
  readonly trees: readonly Tree[];
  /** The image of F. */
  readonly again: string | undefined;
  readonly sharing: Sharing | undefined;
}

/** Does all that the options say. `folder` is there, and the caller's to remove. */
export async function runSuite(options: Options, folder: string, signal: AbortSignal): Promise<void> {
  const words = await prepareDray(options.form, folder);
  const dray: Dray = { words, noSync: await findNoSync() };
  const isChosen = ({ name }: Contender) => options.tools?.some((tool) => name.startsWith(tool)) ?? true;
  const chosen = rivals().filter(isChosen);
  const baseline = options.baseline === undefined
    ? []
    : [await baselineOf(options.baseline, `${folder}/baseline`, pullArgs)];
  for (const { missing } of chosen) if (missing !== undefined) console.error(`bench: SKIPPED: ${missing}`);
  const report = new Report(await headOf(options), options.out);
  const suite: Suite = {
    options,
    dray,
    rivals: [...baseline, ...chosen],
    loops: (await prepareBareLoops()).filter(isChosen),
    folder,
    report,
    signal,
  };
  await report.add(await startUp(await starters(suite), options.runs));
  const storage = `${folder}/storage`;
  {
    await using plain = await startDistribution({ storage });
    const content = await pushContent(suite, plain);
    const [tree] = content.trees;
    if (tree !== undefined && Deno.uid() === 0) await unpackFirst(dray, plain.host, tree, `${folder}/first`);
    await raceOverAll(suite, plain, content, false);
    await raceAtUnpacking(suite, plain);
    if (options.networks.some((name) => NETWORKS[name]?.tls)) {
      await using encrypted = await startDistribution({ storage, tls: true });
      await raceOverAll(suite, encrypted, content, true);
    }
  }
  await raceAtSocket(suite);
  // The terminal has the details already; the file has this at its top.
  if (report.summary !== "") console.log(report.summary);
  if (options.chart !== undefined) await Deno.writeTextFile(options.chart, chartOf(report.outcomes));
}

/** Pushes what is asked for over any network. */
async function pushContent(suite: Suite, registry: Distribution): Promise<Content> {
  const { options: { networks, scale }, folder, signal } = suite;
  const isWanted = (key: string) =>
    networks.some((name) => NETWORKS[name] !== undefined && isAsked(suite, key, NETWORKS[name]));
  const references = new Map<Work, string>();
  for (const work of WORKS.filter(({ key }) => isWanted(key))) {
    references.set(work, await push(work, scale, registry.origin));
    signal.throwIfAborted();
  }
  const again = WORKS.find(({ key }) => key === "C");
  return {
    references,
    trees: isWanted("E") ? await pushTrees(registry, scale, `${folder}/tree`) : [],
    again: isWanted("F") && again !== undefined
      ? references.get(again) ?? await push(again, scale, registry.origin)
      : undefined,
    sharing: isWanted("G") ? await pushSharing(registry) : undefined,
  };
}

async function headOf({ form, runs }: Options): Promise<string> {
  const [load = NaN] = Deno.loadavg();
  const command = ["deno run -A scripts/bench.ts", ...Deno.args].join(" ");
  return [
    `${await machine()}, load ${
      load.toFixed(1)
    } at the start; dray as ${form}; ${runs} run(s) of each: \`${command}\`.`,
    "All take turns, in another order each round, so that nobody always follows the same one. Before each run what is",
    "unwritten is written, and memory is touched and freed: a virtual machine gives freed memory back to its host, and",
    "whoever is first to touch it again would pay for it, by up to two seconds for each GiB.",
  ].join("\n");
}

/** dray in the form that is raced and, where that takes no long work, the binary beside it. */
async function starters({ options, dray, folder }: Suite): Promise<readonly Starter[]> {
  const own: Starter = [`dray as ${options.form}`, [...dray.words, "version"]];
  if (options.form === "compiled" || options.scale === "quick") return [own];
  try {
    return [own, ["dray compiled", [...await prepareDray("compiled", folder), "version"]]];
  } catch (error) {
    console.error(`bench: SKIPPED: the start of the binary: ${error}`);
    return [own];
  }
}

function isAsked({ options }: Suite, key: string, line: Line): boolean {
  return options.only.includes(key) &&
    (line.works.includes(key) || options.isEvery && line.beside.includes(key));
}

/** Where no network decides: the loops send no request before the last one is answered. */
function loopsOver({ network }: Line, { loops }: Suite): readonly Contender[] {
  return network === undefined ? loops : [];
}

async function raceOverAll(
  suite: Suite,
  registry: Distribution,
  content: Content,
  isTls: boolean,
): Promise<void> {
  for (const name of suite.options.networks) {
    const line = NETWORKS[name];
    if (line !== undefined && (line.tls ?? false) === isTls) {
      await raceOver(suite, name, line, registry, content);
    }
  }
}

async function raceOver(
  suite: Suite,
  name: string,
  line: Line,
  registry: Distribution,
  content: Content,
): Promise<void> {
  const { options: { scale, runs }, folder, report, signal } = suite;
  const [hostname = "", port] = registry.host.split(":");
  await using proxy = line.network === undefined
    ? undefined
    : startProxy({ hostname, port: Number(port) }, line.network);
  const way: Way = {
    host: proxy === undefined ? registry.host : `127.0.0.1:${proxy.port}`,
    caFile: line.tls ? registry.caFile : undefined,
    name,
    line,
  };
  const courseOf = (key: string) => ({
    folder: `${folder}/race`,
    runs: line.works.includes(key) ? runs : 1,
    signal,
  });
  for (const [work, path] of content.references) {
    if (!isAsked(suite, work.key, line)) continue;
    const small = scale === "quick" ? " (made small)" : "";
    await report.addRace({
      key: scale === "quick" ? "" : `${work.key} ${name}`,
      title: `${work.key}: ${work.what}${small}, ${whereOf(line, work.key)}`,
      isUnpacked: false,
      rows: await race(
        [...ours(suite.dray, pullArgs), ...suite.rivals, ...loopsOver(line, suite)],
        { reference: `${way.host}/${path}`, caFile: way.caFile },
        { ...courseOf(work.key), warmBytes: scale === "quick" ? 0 : warmBytesFor(bytesOf(work, scale)) },
      ),
    });
  }
  const { trees, again, sharing } = content;
  const [own] = ours(suite.dray, pullArgs);
  if (isAsked(suite, "E", line)) await raceAtTrees(trees, way, suite, scale, courseOf("E"), report);
  if (again !== undefined && isAsked(suite, "F", line)) {
    const times = courseOf("F").runs;
    await report.add(await pullAgain(own, again, way, registry, `${folder}/again-${name}`, times));
  }
  if (sharing !== undefined && isAsked(suite, "G", line)) {
    await report.add(await pullSharing(own, sharing, way, registry, `${folder}/sharing-${name}`));
  }
}

/** U, which goes over loopback alone. */
async function raceAtUnpacking(suite: Suite, registry: Distribution): Promise<void> {
  const { options: { only, runs }, dray, rivals, folder, report, signal } = suite;
  if (!only.includes("U")) return;
  await raceAtLayer(dray, rivals, registry, { folder: `${folder}/race`, runs, signal }, report);
}

/** L, which builds its rival with Go. */
async function raceAtSocket({ options: { only, scale }, report, signal }: Suite): Promise<void> {
  signal.throwIfAborted();
  if (!only.includes("L")) return;
  if (findTool("go") === undefined) return await report.add("L: skipped: go is missing\n");
  await report.add(await criLoad(CRI_CALLS[scale], Deno.execPath()));
}
