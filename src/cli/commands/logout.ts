/**
 * `dray logout`
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { eraseCredential } from "../../credentials/login.ts";
import type { Context } from "../context.ts";
import { helperOptions, locationsOf } from "../open.ts";
import type { LOGOUT } from "../table/registries.ts";
import type { InputOf } from "../table/types.ts";
import { registryNamed } from "./login.ts";

/** Forgets the credential of a registry. */
export async function run({ args }: InputOf<typeof LOGOUT>, context: Context): Promise<void> {
  const { io, environment, signal } = context;
  const registry = registryNamed(args.registry);
  if (await eraseCredential(locationsOf(environment), registry, signal, helperOptions(environment))) {
    return io.stdout.write(`logged out of ${registry}\n`);
  }
  throw new AppError("not_found", `Cannot log out of "${registry}": no credential is kept for it`);
}
