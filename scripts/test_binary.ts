/**
 * Runs the end-to-end tests on the compiled program, then on the bundle from a URL.
 *
 * ```sh
 * deno task test:binary [PATH…]
 * ```
 *
 * @module
 */
import { DIST } from "./bundle.ts";

const ROOT = new URL("../", import.meta.url);

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, env: { ...env } })
    .spawn().status;
  return code;
}

for (const script of ["scripts/compile.ts", "scripts/bundle.ts"]) {
  const code = await run(["run", "--allow-all", script]);
  if (code !== 0) Deno.exit(code);
}
const paths = Deno.args.length > 0 ? Deno.args : ["tests/e2e"];
const program = `${DIST}/dray${Deno.build.os === "windows" ? ".exe" : ""}`;
Deno.exit(await run(["test", "--allow-all", ...paths], { DRAY_COMMAND: program }));
