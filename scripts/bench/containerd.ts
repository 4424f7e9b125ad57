/**
 * Starts a containerd daemon with its own directory.
 *
 * @module
 */
import { Server } from "../../tests/real/child.ts";

/** A running daemon. */
export interface Containerd extends AsyncDisposable {
  readonly socket: string;
  /** CPU seconds so far. */
  cpu(): Promise<number>;
  /** The largest resident size so far, in MiB. */
  memory(): Promise<number>;
}

/** USER_HZ, the clock ticks per second in /proc: 100 on all supported machines. */
const TICKS = 100;

/** Starts containerd; needs root. The caller removes `directory`, which holds all its files. */
export async function startContainerd(directory: string): Promise<Containerd> {
  await Deno.mkdir(directory, { recursive: true });
  const socket = `${directory}/containerd.sock`;
  const config = [
    "version = 2",
    `root = "${directory}/root"`,
    `state = "${directory}/state"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    "[grpc]",
    `address = "${socket}"`,
  ];
  await Deno.writeTextFile(`${directory}/config.toml`, `${config.join("\n")}\n`);
  const server = new Server("containerd", ["--config", `${directory}/config.toml`]);
  await server.until(/containerd successfully booted/);
  const pid = await pidOf(`${directory}/config.toml`);
  return {
    socket,
    async cpu() {
      const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ").at(-1)?.split(" ") ?? [];
      // utime and stime, fields 14 and 15 of proc(5).
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    },
    async memory() {
      const match = /VmHWM:\s*([0-9]+) kB/.exec(await Deno.readTextFile(`/proc/${pid}/status`));
      return Number(match?.[1]) / 1024;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Finds the daemon by its configuration file, because the test helper doesn't expose the pid. */
async function pidOf(config: string): Promise<number> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.split("\0")[0]?.endsWith("containerd") && line.includes(config)) return Number(name);
  }
  throw new Error("containerd is not running");
}
