/**
 * containerd with a temporary root, and its client.
 *
 * @module
 */
import { runOk, Server } from "./child.ts";
import { tool } from "./tools.ts";

/** A running containerd. Dispose it. */
export interface Containerd extends AsyncDisposable {
  /** Runs `ctr` and returns its standard output. @throws Error if it doesn't exit with 0 */
  ctr(...args: readonly string[]): Promise<string>;
}

/** Starts it in a directory. It leaves its files there. Needs root. */
export async function startContainerd(directory: string): Promise<Containerd> {
  const address = `${directory}/containerd.sock`;
  const config = `${directory}/containerd.toml`;
  await Deno.writeTextFile(
    config,
    `version = 2
root = "${directory}/containerd"
state = "${directory}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${address}"
[ttrpc]
  address = "${address}.ttrpc"
`,
  );
  const server = new Server(tool("containerd"), ["--config", config, "--log-level", "info"], {
    PATH: Deno.env.get("PATH") ?? "",
  });
  try {
    await server.until(/containerd successfully booted/);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ctr: (...args) => runOk(tool("ctr"), ["--address", address, ...args]),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
