/**
 * Shows what dray does, with nothing but this folder: a registry on loopback, an image made on the spot, and the
 * program pulling, listing, inspecting and verifying it in a store that goes away at the end.
 *
 *     deno task demo
 *
 * @module
 */
import { buildIndex } from "../tests/images/mod.ts";
import { startRegistry } from "../tests/registry/mod.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const MIB = 1024 * 1024;
/** Slow enough that the bars are seen, quick enough that nobody waits. */
const BYTES_PER_SECOND = 4 * MIB;
const LAYER_MIB = [12, 7, 4, 2, 0.2];

/** Colours only where somebody looks and has not said no. */
const isBold = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** How this machine starts Deno: who came by npx may have no other one. */
const deno = Deno.env.get("npm_command") === "exec" ? `npx -y deno@${Deno.version.deno}` : "deno";

/** Prints a command as one would type it, and runs it. */
async function dray(store: string, ...args: readonly string[]): Promise<void> {
  const line = `$ dray ${args.join(" ")}`;
  say(`\n${isBold ? `\x1b[1m${line}\x1b[0m` : line}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", MAIN, ...args],
    env: { DRAY_STORE: store },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`"dray ${args.join(" ")}" ended with ${code}`);
}

async function demo(store: string): Promise<void> {
  say("A registry starts on loopback, with an image for two platforms, made just now.");
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
  const folder = await Deno.makeTempDir({ prefix: "dray-demo-" });
  try {
    await demo(`${folder}/store`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  say(`
That was the demo; its registry and its store are gone. Next, with real images:

  ${deno} run -A main.ts pull nginx
  ${deno} run -A main.ts inspect nginx
  ${deno} run -A main.ts --help`);
}
