/**
 * `dray permissions`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { jsonText } from "../output/json_text.ts";
import { parseCommandLine } from "../parse.ts";
import { flagsOf, NO_GRANTS, permissionSetOf, shellWords } from "../permissions/grants.ts";
import { planGrants } from "../permissions/plan.ts";
import type { PERMISSIONS } from "../table/permissions.ts";
import type { InputOf } from "../table/types.ts";
import { registryNamed } from "./login.ts";

/** Prints what a command line needs. */
export async function run({ args, options }: InputOf<typeof PERMISSIONS>, context: Context): Promise<void> {
  const line = parseCommandLine([args.command, ...args.args]);
  const store = line.kind === "run" ? line.globals.store ?? context.globals.store : undefined;
  const globals = { ...context.globals, store };
  const grants = line.kind === "run"
    ? await planGrants(line, { ...context, globals }, {
      probe: options.probe,
      registries: options.registry.map((name) => registryNamed(name)),
      unixHosts: wantsUnixHosts(),
    })
    : NO_GRANTS;
  context.io.stdout.write(
    options.json ? jsonText(permissionSetOf(grants)) : `${shellWords(flagsOf(grants))}\n`,
  );
}

/** Deno 2.9 asks for `unix:PATH` among the hosts before it listens there; older ones can't read that. */
function wantsUnixHosts(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}
