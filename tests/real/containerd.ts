/**
 * containerd with a root of its own, and its client.
 *
 * @module
 */
import { runOk, Server } from "./child.ts";
import { tool } from "./tools.ts";

/** A containerd that runs. Dispose it. */
export interface Containerd extends AsyncDisposable {
  /** Runs `ctr`, which must succeed, and gives its standard output. */
  ctr(...args: readonly string[]): Promise<string>;
}

/** Starts it in a folder, which it leaves as a mess. Needs root. */
export async function startContainerd(folder: string): Promise<Containerd> {
  const address = `${folder}/containerd.sock`;
  const config = `${folder}/containerd.toml`;
  await Deno.writeTextFile(
    config,
    `version = 2
root = "${folder}/containerd"
state = "${folder}/containerd-state"
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
