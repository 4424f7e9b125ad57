/**
 * Runs dray beside crane, skopeo, regctl, oras and containerd on the same pulls, in turn, each into an empty folder,
 * and its CRI socket beside a grpc-go server (L), and prints a table for each piece of work.
 *
 * ```sh
 * deno run -A scripts/bench.ts                       # everything (after: deno task tools)
 * deno run -A scripts/bench.ts --quick               # does it work? A minute at most
 * deno run -A scripts/bench.ts --only A,D --networks loopback,tls --runs 5 --tools crane,oras
 * deno run -A scripts/bench.ts --form compiled --out bench.md
 * ```
 *
 * @module
 */
import { type Distribution, startDistribution } from "../tests/real/distribution.ts";
import { findTool } from "../tests/real/tools.ts";
import { pullAgain, pullSharing } from "./bench/checks.ts";
import { checkTime, measure, type Sample, summarize } from "./bench/measure.ts";
import { criLoad } from "./bench/cri_load.ts";
import { type Network, startProxy } from "./bench/proxy.ts";
import { machine, type Row, table } from "./bench/table.ts";
import { type Contender, dray, type Form, prepareDray, rivals } from "./bench/tools.ts";
import { curlTar, type Packing, pushTree } from "./bench/unpack.ts";
import { push, type Scale, type Work, WORKS } from "./bench/work.ts";

interface Line {
  readonly what: string;
  readonly tls?: boolean;
  readonly network?: Network;
  /** Keys of the work that says something there. */
  readonly works: string;
}

const MB = 1_000_000;
/** Calls of ListImages in a race. */
const CRI_CALLS = 20_000;

const NETWORKS: Readonly<Record<string, Line>> = {
  loopback: { what: "loopback", works: "ABCD" },
  tls: { what: "loopback, TLS", tls: true, works: "ABCD" },
  rtt20: { what: "20 ms round trip, slow start", network: { rtt: 20 }, works: "CD" },
  rtt100: { what: "100 ms round trip, slow start", network: { rtt: 100 }, works: "D" },
  slow: {
    what: "20 MB/s per connection",
    network: { rtt: 0, bandwidth: { bytes: 20 * MB, of: "connection" } },
    works: "S",
  },
  link20: {
    what: "20 ms round trip, a link of 20 MB/s that one connection fills",
    network: { rtt: 20, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
  },
  link100: {
    what: "100 ms round trip, a link of 20 MB/s that one connection fills",
    network: { rtt: 100, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
  },
};

interface Options {
  readonly scale: Scale;
  readonly runs: number;
  readonly form: Form;
  readonly only: string;
  readonly networks: readonly string[];
  readonly tools: readonly string[] | undefined;
  readonly out: string | undefined;
}

function optionsOf(args: readonly string[]): Options {
  const value = (name: string) => {
    const at = args.indexOf(name);
    return at === -1 ? undefined : args[at + 1];
  };
  const isQuick = args.includes("--quick");
  const form = value("--form") ?? "bundle";
  if (form !== "bundle" && form !== "source" && form !== "compiled") {
    throw new Error(`--form ${form}: want bundle, source or compiled`);
  }
  const networks = value("--networks")?.split(",") ??
    (isQuick ? ["loopback", "tls", "rtt20"] : Object.keys(NETWORKS));
  for (const name of networks) {
    if (!(name in NETWORKS)) throw new Error(`--networks ${name}: want some of ${Object.keys(NETWORKS)}`);
  }
  return {
    scale: isQuick ? "quick" : "full",
    runs: Number(value("--runs") ?? (isQuick ? 1 : 5)),
    form,
    only: value("--only") ?? "ABCDSEFGL",
    networks,
    tools: value("--tools")?.split(","),
    out: value("--out"),
  };
}

/** Writes to the terminal, and to the report. */
class Report {
  readonly #parts: string[] = [];

  add(text: string): void {
    this.#parts.push(text);
    console.log(text);
  }

  get text(): string {
    return this.#parts.join("\n");
  }
}

/** Runs all contenders in turn, so that what else the machine does meets them all. */
async function race(
  contenders: readonly Contender[],
  reference: string,
  caFile: string | undefined,
  folder: string,
  runs: number,
): Promise<readonly Row[]> {
  const samples = contenders.map((): Sample[] => []);
  const failures = new Map<number, string>();
  for (let run = 0; run < runs; run++) {
    for (const [i, contender] of contenders.entries()) {
      if (contender.missing !== undefined || failures.has(i)) continue;
      const own = `${folder}/${run}-${i}`;
      await Deno.mkdir(own, { recursive: true });
      // What others left unwritten must not be written in our time, nor ours in theirs.
      await new Deno.Command("sync").output();
      try {
        samples[i]?.push(await contender.pull({ reference, folder: own, caFile }));
      } catch (error) {
        // The others may lack this or that; ours is what is tried here.
        if (i === 0) throw error;
        const text = error instanceof Error ? error.message : String(error);
        console.error(`bench: ${contender.name}: ${text}`);
        failures.set(i, "failed");
      }
      // Many small files are left to the end: some file systems are slow to use their places again.
      if (await isLarge(own)) await Deno.remove(own, { recursive: true });
    }
  }
  return contenders.map(({ name, missing }, i) => {
    const taken = samples[i] ?? [];
    return { name, result: missing ?? failures.get(i) ?? summarize(taken) };
  });
}

async function isLarge(folder: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("du", { args: ["-sm", folder] }).output();
  return Number(new TextDecoder().decode(stdout).split("\t")[0]) > 60;
}

async function raceOver(
  line: Line,
  registry: Distribution,
  references: ReadonlyMap<Work, string>,
  contenders: readonly Contender[],
  folder: string,
  options: Options,
  report: Report,
): Promise<void> {
  const [hostname = "", port] = registry.host.split(":");
  await using proxy = line.network === undefined
    ? undefined
    : startProxy({ hostname, port: Number(port) }, line.network);
  const host = proxy === undefined ? registry.host : `127.0.0.1:${proxy.port}`;
  for (const [work, path] of references) {
    if (!line.works.includes(work.key) || !options.only.includes(work.key)) continue;
    const place = `${folder}/race`;
    const rows = await race(
      contenders,
      `${host}/${path}`,
      line.tls ? registry.caFile : undefined,
      place,
      options.runs,
    );
    const small = options.scale === "quick" ? " (made small)" : "";
    report.add(table(`${work.key}: ${work.what}${small}, ${line.what}`, rows));
    await Deno.remove(place, { recursive: true });
  }
}

/** E: pulled and unpacked by those that can, as root. */
async function raceAtTree(
  words: readonly string[],
  registry: Distribution,
  chosen: readonly Contender[],
  folder: string,
  options: Options,
  report: Report,
): Promise<void> {
  if (Deno.uid() !== 0) return report.add("E: skipped: unpacking needs the rights of root\n");
  for (const packing of ["gzip", "zstd"] satisfies Packing[]) {
    const { path, layers } = await pushTree(registry, packing, options.scale, `${folder}/tree`);
    const contenders = [
      dray(words, "dray pull --unpack", ["--unpack"]),
      dray(words, "dray pull"),
      curlTar(layers, packing),
      ...chosen.filter(({ name }) => name === "ctr image pull"),
    ];
    const place = `${folder}/race`;
    const rows = await race(contenders, `${registry.host}/${path}`, undefined, place, options.runs);
    report.add(table(`E: files of /usr, ${packing}, loopback`, rows));
    await Deno.remove(place, { recursive: true });
  }
}

/** What it takes to start a program that says its version and ends, beside others that do the same. */
async function startUp(words: readonly string[], runs: number): Promise<string> {
  const programs: readonly (readonly string[])[] = [
    [...words, "version"],
    [findTool("crane") ?? "", "version"],
    [findTool("skopeo") ?? "", "--version"],
  ];
  const rows = programs.map((words): readonly [readonly string[], Sample[]] => [words, []]);
  for (let i = 0; i < runs * 3; i++) {
    for (const [[program = "", ...args], samples] of rows) {
      if (program !== "") samples.push(await measure({ program, args }));
    }
  }
  return rows.flatMap(([words, samples]) => {
    if (samples.length === 0) return [];
    const { wall, least, memory } = summarize(samples);
    const [middle, best] = [wall, least].map((seconds) => Math.round(seconds * 1000));
    const name = words === programs[0] ? "dray version" : `${words[0]?.replace(/.*\//, "")} ${words[1]}`;
    return [`Start: ${name} in ${middle} ms (least ${best}), ${Math.round(memory)} MiB\n`];
  }).join("");
}

async function bench(options: Options, folder: string): Promise<string> {
  const report = new Report();
  const words = await prepareDray(options.form, folder);
  const own = dray(words);
  const chosen = rivals().filter(({ name }) => options.tools?.some((tool) => name.startsWith(tool)) ?? true);
  for (const { missing } of chosen) if (missing !== undefined) console.error(`bench: SKIPPED: ${missing}`);
  const contenders = [own, ...chosen];
  report.add(
    `${await machine()}; dray as ${options.form}; ${options.runs} run(s) of each, in turn; \`deno run -A scripts/bench.ts ${
      Deno.args.join(" ")
    }\`\n`,
  );
  report.add(await startUp(words, options.runs));
  const storage = `${folder}/storage`;
  const works = WORKS.filter(({ key }) =>
    options.only.includes(key) && options.networks.some((name) => NETWORKS[name]?.works.includes(key))
  );
  {
    await using plain = await startDistribution({ storage });
    const references = new Map<Work, string>();
    for (const work of works) references.set(work, await push(work, options.scale, plain.origin));
    for (const name of options.networks) {
      const line = NETWORKS[name];
      if (line === undefined || line.tls) continue;
      await raceOver(line, plain, references, contenders, folder, options, report);
    }
    if (options.only.includes("E")) await raceAtTree(words, plain, chosen, folder, options, report);
    if (options.only.includes("F")) {
      const again = `${plain.host}/${await push(workOf("C"), options.scale, plain.origin)}`;
      report.add(await pullAgain(own, plain, again, `${folder}/again`, options.runs));
    }
    if (options.only.includes("G")) report.add(await pullSharing(own, plain, `${folder}/sharing`));
    if (options.only.includes("L")) {
      report.add(await criLoad(options.scale === "quick" ? 500 : CRI_CALLS, Deno.execPath()));
    }
    if (!options.networks.includes("tls")) return report.text;
    await using tls = await startDistribution({ storage, tls: true });
    const line = NETWORKS.tls;
    if (line !== undefined) await raceOver(line, tls, references, contenders, folder, options, report);
  }
  return report.text;
}

function workOf(key: string): Work {
  const work = WORKS.find((one) => one.key === key);
  if (work === undefined) throw new Error(`There is no work ${key}`);
  return work;
}

if (import.meta.main) {
  const options = optionsOf(Deno.args);
  await checkTime();
  const folder = await Deno.makeTempDir({ prefix: "dray-bench-" });
  try {
    const text = await bench(options, folder);
    if (options.out !== undefined) await Deno.writeTextFile(options.out, text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
