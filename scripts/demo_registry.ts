/**
 * Serves a registry on loopback with two versions of a small multi-platform image, for the first steps in the README.
 * It runs until it is interrupted.
 *
 * ```sh
 * deno task registry             # on port 5000
 * deno task registry --port 5001
 * ```
 *
 * @module
 */
import { buildIndex } from "../tests/images/mod.ts";
import { startRegistry } from "../tests/registry/mod.ts";

const DEFAULT_PORT = 5000;
const MIB = 1024 * 1024;
const REPOSITORY = "demo/hello";

function portOf(args: readonly string[]): number {
  if (args.length === 0) return DEFAULT_PORT;
  const [flag, port = ""] = args;
  if (flag === "--port" && /^[0-9]{1,5}$/.test(port) && args.length === 2) return Number(port);
  throw new Error(`Cannot use "${args.join(" ")}": the only option is --port NUMBER`);
}

if (import.meta.main) {
  await using registry = await startRegistry({ port: portOf(Deno.args) });
  for (const [tag, greeting] of [["1.0", "hello"], ["1.1", "good day"]] as const) {
    const image = await buildIndex({
      image: {
        layers: [
          { size: 6 * MIB, seed: 1 },
          {
            entries: [{ name: "etc/", type: "directory" }, {
              name: "etc/greeting",
              content: `${greeting}\n`,
            }],
          },
        ],
        runConfig: { Cmd: ["/bin/hello"], Env: ["PATH=/usr/bin:/bin"] },
      },
    });
    const { reference } = registry.push(REPOSITORY, tag, image);
    console.log(`serving ${reference}`);
  }
  console.log("press Ctrl-C to stop");
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
  });
}
