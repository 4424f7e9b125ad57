/**
 * `dray logout`
 *
 * @module
 */
import { AppError } from "../../../base/errors.ts";
import { eraseCredential } from "../../../credentials/login.ts";
import type { Context } from "../../context/context.ts";
import { helperOptions, locationsOf } from "../../context/credentials.ts";
import { parseRegistryName } from "../../context/registry_name.ts";
import type { LOGOUT } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Removes the credential of a registry. */
export async function run({ args }: InputOf<typeof LOGOUT>, context: Context): Promise<void> {
  const { io, environment, signal } = context;
  const registry = parseRegistryName(args.registry);
  if (await eraseCredential(locationsOf(environment), registry, signal, helperOptions(environment))) {
    return io.stdout.write(`logged out of ${registry}\n`);
  }
  throw new AppError("not_found", `Cannot log out of "${registry}": no credentials are stored for it`);
}
