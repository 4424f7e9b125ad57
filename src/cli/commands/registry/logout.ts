/**
 * `dray logout`
 *
 * @module
 */
import { AppError } from "../../../base/errors.ts";
import { eraseCredential } from "../../../credentials/login.ts";
import type { Context } from "../../context/context.ts";
import { helperOptions, locationsOf } from "../../context/credentials.ts";
import { parseLoginName } from "../../context/registry_name.ts";
import type { LOGOUT } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Removes the credential of a registry. */
export async function run({ args }: InputOf<typeof LOGOUT>, context: Context): Promise<void> {
  const { io, environment, messages, signal } = context;
  if (environment.variable("DOCKER_AUTH_CONFIG") !== undefined) {
    messages.warn("DOCKER_AUTH_CONFIG is set: the credentials in it are still used");
  }
  const { name } = parseLoginName(args.registry);
  if (await eraseCredential(locationsOf(environment), name, signal, helperOptions(environment))) {
    return io.stdout.write(`logged out of ${name}\n`);
  }
  throw new AppError("not_found", `Cannot log out of "${name}": no credentials are stored for it`);
}
