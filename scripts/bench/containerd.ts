/**
 * A containerd of our own, with a folder of its own.
 *
 * @module
 */
import { Server } from "../../tests/real/child.ts";

/** A running daemon. */
export interface Containerd extends AsyncDisposable {
  readonly socket: string;
  /** Seconds of CPU so far. */
  cpu(): Promise<number>;
  /** The largest resident size so far, in MiB. */
  memory(): Promise<number>;
}

/** The clock ticks of /proc, per second: 100 on every Linux that we know. */
const TICKS = 100;

/** Starts containerd as root. Its folders are removed with `folder`, by the caller. */
export async function startContainerd(folder: string): Promise<Containerd> {
  await Deno.mkdir(folder, { recursive: true });
  const socket = `${folder}/containerd.sock`;
  const config = [
    "version = 2",
    `root = "${folder}/root"`,
    `state = "${folder}/state"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    "[grpc]",
    `address = "${socket}"`,
  ];
  await Deno.writeTextFile(`${folder}/config.toml`, `${config.join("\n")}\n`);
  const server = new Server("containerd", ["--config", `${folder}/config.toml`]);
  await server.until(/containerd successfully booted/);
  const pid = await pidOf(`${folder}/config.toml`);
  return {
    socket,
    async cpu() {
      const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ").at(-1)?.split(" ") ?? [];
      // Fields 14 and 15 of proc(5).
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    },
    async memory() {
      const match = /VmHWM:\s*([0-9]+) kB/.exec(await Deno.readTextFile(`/proc/${pid}/status`));
      return Number(match?.[1]) / 1024;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The test helper keeps its process to itself; the name of the configuration is ours alone. */
async function pidOf(config: string): Promise<number> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.split("\0")[0]?.endsWith("containerd") && line.includes(config)) return Number(name);
  }
  throw new Error("containerd is gone");
}
