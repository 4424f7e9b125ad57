/**
 * Demonstrates dray without any other service: starts a registry on loopback with a generated image, pulls,
 * lists, inspects and verifies it in a temporary store, and deletes everything at the end.
 *
 *     deno task demo
 *
 * @module
 */
import { buildIndex } from "../tests/images/mod.ts";
import { startRegistry } from "../tests/registry/mod.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const MIB = 1024 * 1024;
/** Slow enough to see the progress bars, fast enough for a demo of a few seconds. */
const BYTES_PER_SECOND = 4 * MIB;
const LAYER_MIB = [12, 7, 4, 2, 0.2];

/** Escape sequences only on a terminal, and not with NO_COLOR. */
const isBold = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** The command that starts Deno: under npx it may be the only one on this machine. */
const deno = Deno.env.get("npm_command") === "exec" ? `npx -y deno@${Deno.version.deno}` : "deno";

/** Prints a command line, and runs it. */
async function dray(store: string, ...args: readonly string[]): Promise<void> {
  const line = `$ dray ${args.join(" ")}`;
  print(`\n${isBold ? `\x1b[1m${line}\x1b[0m` : line}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", MAIN, ...args],
    env: { DRAY_STORE: store },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`"dray ${args.join(" ")}" exited with code ${code}`);
}

async function demo(store: string): Promise<void> {
  print("Starting a registry on loopback, with a generated image for two platforms.");
  const image = await buildIndex({
    image: {
      layers: LAYER_MIB.map((mib) => ({ size: mib * MIB })),
      runConfig: { Cmd: ["/bin/hello"], Env: ["PATH=/usr/bin:/bin"], User: "1000" },
    },
  });
  await using registry = await startRegistry({ bytesPerSecond: BYTES_PER_SECOND });
  const { reference } = registry.push("demo/hello", "1.0", image);
  await dray(store, "pull", reference);
  await dray(store, "pull", reference);
  await dray(store, "images", "--digests");
  await dray(store, "inspect", reference);
  await dray(store, "tag", reference, "hello:mine");
  await dray(store, "verify");
  await dray(store, "df");
}

if (import.meta.main) {
  const directory = await Deno.makeTempDir({ prefix: "dray-demo-" });
  try {
    await demo(`${directory}/store`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  print(`
The demo is over; its registry and its store are deleted. Next, try real images:

  ${deno} run -A main.ts pull nginx
  ${deno} run -A main.ts inspect nginx
  ${deno} run -A main.ts --help`);
}
