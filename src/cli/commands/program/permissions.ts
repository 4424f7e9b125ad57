/**
 * `dray permissions`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { parseRegistryName } from "../../context/registry_name.ts";
import { jsonText } from "../../output/text.ts";
import { flagsOf, NO_GRANTS, permissionSetOf, shellWords } from "../../permissions/grants.ts";
import { planGrants } from "../../permissions/plan.ts";
import { parseCommandLine } from "../../table/parse.ts";
import type { InputOf } from "../../table/types.ts";
import type { PERMISSIONS } from "./spec.ts";

/** Prints the permissions that a command line needs. */
export async function run({ args, options }: InputOf<typeof PERMISSIONS>, context: Context): Promise<void> {
  const line = parseCommandLine(context.table, [args.command, ...args.args]);
  const store = line.kind === "run" ? line.globals.store ?? context.globals.store : undefined;
  const globals = { ...context.globals, store };
  const grants = line.kind === "run"
    ? await planGrants(line, { ...context, globals }, {
      probe: options.probe,
      registries: options.registry.map((name) => parseRegistryName(name)),
      unixHosts: needsUnixHosts(),
    })
    : NO_GRANTS;
  context.io.stdout.write(
    options.json ? jsonText(permissionSetOf(grants)) : `${shellWords(flagsOf(grants))}\n`,
  );
}

/** Deno 2.9 requires net permission for `unix:PATH` to listen there; older versions can't parse it. */
function needsUnixHosts(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}
