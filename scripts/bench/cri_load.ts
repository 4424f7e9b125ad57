/**
 * Measures what a ListImages call costs the CRI server, and a grpc-go server that returns the same response.
 *
 * ```sh
 * deno run -A scripts/bench/cri_load.ts [--deno PATH] [--calls N]
 * ```
 *
 * Needs Linux, and Go to build the grpc-go server and the client of `tests/cri/go`. CPU is the user and system time of
 * the server process, from `/proc`. The servers take turns, three times each, so that other load on the machine affects
 * all of them; the best turn of each counts.
 *
 * @module
 */
import { makeManyImages } from "../../tests/cri/many_images.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const LOAD = `${ROOT}.tools/bin/criload`;
const TURNS = 3;
/** One clock tick in /proc; USER_HZ is 100 on all supported machines. */
const TICK_MS = 10;

interface Figures {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function option(name: string, standard: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? standard : Deno.args[at + 1] ?? standard;
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function load(...args: readonly string[]): Promise<Record<string, number>> {
  const { success, stdout, stderr } = await new Deno.Command(LOAD, { args: [...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function measure(pid: number, socket: string, calls: number): Promise<Figures> {
  const before = await cpuMs(pid);
  const { perSecond = 0, p50 = 0, p99 = 0 } = await load(
    "-call",
    socket,
    "-calls",
    String(calls),
    "-at-once",
    "16",
  );
  return { cpuMicros: (await cpuMs(pid) - before) * 1000 / calls, perSecond, p50, p99 };
}

async function waitForFile(path: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await Deno.stat(path).then(() => true, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`No server is listening on ${path} after 30 s`);
}

function start(command: string, ...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).spawn();
}

async function compare(images: number, calls: number, deno: string): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "dray-load-" });
  const children: Deno.ChildProcess[] = [];
  try {
    await makeManyImages(`${directory}/store`, images);
    const serve = ["run", "-A", `${ROOT}main.ts`, "serve", "cri", "--store", `${directory}/store`];
    const servers: (readonly [name: string, socket: string, child: Deno.ChildProcess])[] = [];
    const add = async (name: string, socket: string, command: string, ...args: readonly string[]) => {
      const child = start(command, ...args);
      children.push(child);
      await waitForFile(socket);
      servers.push([name, socket, child]);
    };
    const [quiet, logging, encoding, encoded] = ["a", "b", "c", "d"].map((name) =>
      `${directory}/${name}.sock`
    ) as [
      string,
      string,
      string,
      string,
    ];
    await add("dray", quiet, deno, ...serve, "--socket", quiet, "--log-calls", "failed");
    await add("dray, call logging", logging, deno, ...serve, "--socket", logging);
    const response = `${directory}/response`;
    const { bytes } = await load(
      "-call",
      `${directory}/a.sock`,
      "-calls",
      "1",
      "-at-once",
      "1",
      "-save",
      response,
    );
    await add("grpc-go", encoding, LOAD, "-serve", encoding, "-response", response);
    await add("grpc-go, pre-encoded", encoded, LOAD, "-serve", encoded, "-response", response, "-raw");
    const best = new Map<string, Figures>();
    for (const [, socket, { pid }] of servers) await measure(pid, socket, Math.ceil(calls / 4));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, socket, { pid }] of servers) {
        const figures = await measure(pid, socket, calls);
        const known = best.get(name);
        if (known === undefined || figures.cpuMicros < known.cpuMicros) best.set(name, figures);
      }
    }
    return [
      `L: ListImages of ${images} images, ${bytes} bytes, ${calls} calls, 16 in parallel\n`,
      "| server | CPU/call µs | calls/s | p50 ms | p99 ms |",
      "| --- | ---: | ---: | ---: | ---: |",
      ...Array.from(best, ([name, { cpuMicros, perSecond, p50, p99 }]) => {
        const figures = [cpuMicros.toFixed(1), perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2)];
        return `| ${name} | ${figures.join(" | ")} |`;
      }),
      "",
    ].join("\n");
  } finally {
    for (const child of children) {
      child.kill("SIGTERM");
      await child.status;
    }
    await Deno.remove(directory, { recursive: true });
  }
}

/** Builds the grpc-go server and the client, and measures. Returns one table for 3 images and one for 200. */
export async function criLoad(calls: number, deno: string): Promise<string> {
  const source = `${ROOT}tests/cri/go`;
  const built = await new Deno.Command("go", { args: ["build", "-o", LOAD, "./load"], cwd: source }).output();
  if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
  return `${await compare(3, calls, deno)}\n${await compare(200, Math.ceil(calls / 5), deno)}`;
}

if (import.meta.main) {
  console.log(await criLoad(Number(option("calls", "20000")), option("deno", Deno.execPath())));
}
