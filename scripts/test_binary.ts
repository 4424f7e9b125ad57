/**
 * Compiles the program, and runs all tests that start the program with the compiled one: pulls, trees, archives, and a
 * server with real clients.
 *
 * ```sh
 * deno task test:binary                   # after: deno task tools
 * deno task test:binary tests/e2e         # only the tests that need nothing but Deno
 * ```
 *
 * @module
 */
import { DIST } from "./bundle.ts";

const ROOT = new URL("../", import.meta.url);

/** These compile or bundle the program themselves. */
const IGNORED = ["tests/real/binary_test.ts", "tests/real/bundle_test.ts"];

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, env: { ...env } })
    .spawn().status;
  return code;
}

const compiled = await run(["run", "--allow-all", "scripts/compile.ts"]);
if (compiled !== 0) Deno.exit(compiled);
const paths = Deno.args.length > 0 ? Deno.args : ["tests/e2e", "tests/real"];
const options = ["--preload=tests/time_limit.ts", "--allow-all", `--ignore=${IGNORED.join(",")}`];
const program = `${DIST}/dray${Deno.build.os === "windows" ? ".exe" : ""}`;
Deno.exit(await run(["test", ...options, ...paths], { DRAY_COMMAND: program }));
