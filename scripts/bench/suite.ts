/**
 * Runs the workloads of the benchmark, in order.
 *
 * @module
 */
import { type Distribution, startDistribution } from "../../tests/real/distribution.ts";
import { findTool } from "../../tests/real/tools.ts";
import { prepareBareLoops } from "./bare_loop.ts";
import { chartOf } from "./chart.ts";
import { pullSharing, pullStored, pushSharing, type Sharing, type Starter, startUp } from "./checks.ts";
import { comparePrograms, prefaultBytesFor, type Program } from "./compare.ts";
import { criLoad } from "./cri_load.ts";
import { baselineOf, type Dray, ours, prepareDray, pullArgs, variantOf } from "./dray.ts";
import { type Network, NETWORKS, type Route, titleOf } from "./networks.ts";
import { findNoSync } from "./no_sync.ts";
import type { Options } from "./options.ts";
import { startProxy } from "./proxy.ts";
import { Report } from "./report.ts";
import { machine } from "./table.ts";
import { otherTools } from "./tools.ts";
import { compareTrees, pushTrees, type Tree, unpackFirst } from "./tree.ts";
import { compareLayer } from "./unpack_layer.ts";
import { bytesOf, push, type Workload, WORKLOADS } from "./workloads.ts";

/** Calls of ListImages per server. */
const CRI_CALLS = { quick: 500, full: 20_000 };

interface Suite {
  readonly options: Options;
  readonly dray: Dray;
  /** The programs to compare dray with, as selected by `--tools` and `--baseline`. */
  readonly others: readonly Program[];
  readonly loops: readonly Program[];
  /** For all files of the benchmark. */
  readonly directory: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Images in the registry, each by its path and tag. */
interface Content {
  readonly references: ReadonlyMap<Workload, string>;
  readonly trees: readonly Tree[];
  /** The image of F. */
  readonly stored: string | undefined;
  readonly sharing: Sharing | undefined;
}

/**
 * Runs everything that the options select, prints the report and writes its files.
 *
 * @param directory an existing directory; the caller removes it
 * @throws Error if dray fails or breaks a limit of F or G; the signal's reason
 */
export async function runSuite(options: Options, directory: string, signal: AbortSignal): Promise<void> {
  const command = await prepareDray(options.form, directory);
  const dray: Dray = { command, noSync: await findNoSync() };
  const isChosen = ({ name }: Program) => options.tools?.some((tool) => name.startsWith(tool)) ?? true;
  const chosen = otherTools().filter(isChosen);
  const baseline = options.baseline === undefined
    ? []
    : [await baselineOf(options.baseline, `${directory}/baseline`, pullArgs)];
  const variants: Program[] = [];
  for (const [i, variant] of options.variants.entries()) {
    variants.push(await variantOf(variant, `${directory}/variant-${i}`, pullArgs));
  }
  for (const { missing } of chosen) if (missing !== undefined) console.error(`bench: SKIPPED: ${missing}`);
  const report = new Report(await headOf(options), options.out);
  const suite: Suite = {
    options,
    dray,
    others: [...variants, ...baseline, ...chosen],
    loops: (await prepareBareLoops()).filter(isChosen),
    directory,
    report,
    signal,
  };
  await report.add(await startUp(await starters(suite), options.runs));
  const storage = `${directory}/storage`;
  {
    await using plain = await startDistribution({ storage });
    const content = await pushContent(suite, plain);
    const [tree] = content.trees;
    if (tree !== undefined && Deno.uid() === 0) {
      await unpackFirst(dray, plain.host, tree, `${directory}/first`);
    }
    await runOverNetworks(suite, plain, content, false);
    await compareUnpacking(suite, plain);
    if (options.networks.some((name) => NETWORKS[name]?.tls)) {
      await using encrypted = await startDistribution({ storage, tls: true });
      await runOverNetworks(suite, encrypted, content, true);
    }
  }
  await measureSocket(suite);
  // The terminal already shows the details; the file has the summary first.
  if (report.summary !== "") console.log(report.summary);
  if (options.chart !== undefined) await Deno.writeTextFile(options.chart, chartOf(report.outcomes));
}

/** Pushes the images of all selected workloads. */
async function pushContent(suite: Suite, registry: Distribution): Promise<Content> {
  const { options: { networks, scale }, directory, signal } = suite;
  const isNeeded = (key: string) =>
    networks.some((name) => NETWORKS[name] !== undefined && isSelected(suite, key, NETWORKS[name]));
  const references = new Map<Workload, string>();
  for (const workload of WORKLOADS.filter(({ key }) => isNeeded(key))) {
    references.set(workload, await push(workload, scale, registry.origin));
    signal.throwIfAborted();
  }
  const stored = WORKLOADS.find(({ key }) => key === "C");
  return {
    references,
    trees: isNeeded("E") ? await pushTrees(registry, scale, `${directory}/tree`) : [],
    stored: isNeeded("F") && stored !== undefined
      ? references.get(stored) ?? await push(stored, scale, registry.origin)
      : undefined,
    sharing: isNeeded("G") ? await pushSharing(registry) : undefined,
  };
}

async function headOf({ form, runs }: Options): Promise<string> {
  const [load = NaN] = Deno.loadavg();
  const command = ["deno run -A scripts/bench.ts", ...Deno.args].join(" ");
  return [
    `${await machine()}, load ${
      load.toFixed(1)
    } at the start; dray as ${form}; ${runs} run(s) per program: \`${command}\`.`,
    "The programs take turns, in another order each round. Before each run, dirty pages are written and memory is",
    "pre-faulted, because a virtual machine returns freed memory to its host, and the first use of it afterwards costs",
    "up to two seconds per GiB.",
  ].join("\n");
}

/** dray in the form under test and, except in quick runs, as a binary. */
async function starters({ options, dray, directory }: Suite): Promise<readonly Starter[]> {
  const tested: Starter = [`dray as ${options.form}`, [...dray.command, "version"]];
  if (options.form === "compiled" || options.scale === "quick") return [tested];
  try {
    return [tested, ["dray as compiled", [...await prepareDray("compiled", directory), "version"]]];
  } catch (error) {
    console.error(`bench: SKIPPED: start-up of the binary: ${error}`);
    return [tested];
  }
}

function isSelected({ options }: Suite, key: string, network: Network): boolean {
  return options.only.includes(key) &&
    (network.workloads.includes(key) || options.isEvery && network.extraWorkloads.includes(key));
}

/** The loops don't pipeline requests, so they show no bound over a simulated link. */
function loopsOver({ link }: Network, { loops }: Suite): readonly Program[] {
  return link === undefined ? loops : [];
}

async function runOverNetworks(
  suite: Suite,
  registry: Distribution,
  content: Content,
  isTls: boolean,
): Promise<void> {
  for (const name of suite.options.networks) {
    const network = NETWORKS[name];
    if (network !== undefined && (network.tls ?? false) === isTls) {
      await runOverNetwork(suite, name, network, registry, content);
    }
  }
}

async function runOverNetwork(
  suite: Suite,
  name: string,
  network: Network,
  registry: Distribution,
  content: Content,
): Promise<void> {
  const { options: { scale, runs, variants }, directory, report, signal } = suite;
  const [hostname = "", port] = registry.host.split(":");
  await using proxy = network.link === undefined
    ? undefined
    : startProxy({ hostname, port: Number(port) }, network.link);
  const route: Route = {
    host: proxy === undefined ? registry.host : `127.0.0.1:${proxy.port}`,
    caFile: network.tls ? registry.caFile : undefined,
    name,
    network,
  };
  const optionsFor = (key: string) => ({
    directory: `${directory}/runs`,
    runs: variants.length > 0 || network.workloads.includes(key) ? runs : 1,
    signal,
  });
  for (const [workload, path] of content.references) {
    const { key, title } = workload;
    if (!isSelected(suite, key, network)) continue;
    const reduced = scale === "quick" ? " (reduced)" : "";
    await report.addOutcome({
      key: scale === "quick" ? "" : `${key} ${name}`,
      title: `${key}: ${title}${reduced}, ${titleOf(network, key)}`,
      isUnpacked: false,
      rows: await comparePrograms(
        [...ours(suite.dray, pullArgs), ...suite.others, ...loopsOver(network, suite)],
        { reference: `${route.host}/${path}`, caFile: route.caFile },
        {
          ...optionsFor(key),
          prefaultBytes: scale === "quick" ? 0 : prefaultBytesFor(bytesOf(workload, scale)),
        },
      ),
    });
  }
  const { trees, stored, sharing } = content;
  const [dray] = ours(suite.dray, pullArgs);
  if (isSelected(suite, "E", network)) {
    await compareTrees(trees, route, suite, scale, optionsFor("E"), report);
  }
  if (stored !== undefined && isSelected(suite, "F", network)) {
    const times = optionsFor("F").runs;
    await report.add(await pullStored(dray, stored, route, registry, `${directory}/stored-${name}`, times));
  }
  if (sharing !== undefined && isSelected(suite, "G", network)) {
    await report.add(await pullSharing(dray, sharing, route, registry, `${directory}/sharing-${name}`));
  }
}

/** Runs U, which uses only loopback. */
async function compareUnpacking(suite: Suite, registry: Distribution): Promise<void> {
  const { options: { only, runs }, dray, others, directory, report, signal } = suite;
  if (!only.includes("U")) return;
  await compareLayer(dray, others, registry, { directory: `${directory}/runs`, runs, signal }, report);
}

/** Runs L, which builds a grpc-go server with Go. */
async function measureSocket({ options: { only, scale }, report, signal }: Suite): Promise<void> {
  signal.throwIfAborted();
  if (!only.includes("L")) return;
  if (findTool("go") === undefined) return await report.add("L: skipped: go is not installed\n");
  await report.add(await criLoad(CRI_CALLS[scale], Deno.execPath()));
}
