/**
 * `dray login`
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Credential } from "../../content/credential.ts";
import { DOCKER_HUB, DOCKER_HUB_API } from "../../oci/docker_hub.ts";
import { parseReference } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import {
  credentialFrom,
  helperOptions,
  locationsOf,
  registrySettings,
  type RegistryValues,
} from "../open.ts";
import { ask } from "../prompt.ts";
import type { LOGIN } from "../table/registries.ts";
import type { InputOf } from "../table/types.ts";

/** Tries a credential at its registry, and keeps it if it is good. */
export async function run({ args, options }: InputOf<typeof LOGIN>, context: Context): Promise<void> {
  const { io, messages, environment, signal } = context;
  const registry = registryNamed(args.registry);
  const credential = await wantedCredential(options, context);
  const { openRegistry } = await import("../../image/registry.ts");
  const { fixedCredentials } = await import("../../credentials/source.ts");
  const { storeCredential } = await import("../../credentials/login.ts");
  const client = openRegistry(await registrySettings(context, options));
  try {
    await client.checkCredentials(registry, fixedCredentials(registry, credential, "--username"), signal);
  } finally {
    client.close();
  }
  const { source, warning } = await storeCredential(
    locationsOf(environment),
    registry,
    credential,
    signal,
    helperOptions(environment),
  );
  if (warning !== undefined) messages.warn(warning);
  io.stdout.write(`logged in to ${registry}\n`);
  messages.info(`Kept in ${source}`);
}

async function wantedCredential(options: RegistryValues, context: Context): Promise<Credential> {
  if (options.username !== undefined || options["password-stdin"]) {
    const given = await credentialFrom("login", options, context);
    if (given !== undefined) return given;
  }
  const username = await ask(context.io, "Username", "shown", context.signal);
  if (username === "") throw new AppError("invalid_argument", "Cannot log in: the user name is empty");
  const password = await ask(context.io, "Password", "secret", context.signal);
  return { kind: "basic", username, password };
}

/**
 * The registry that a user names: a host with an optional port, as docker takes it also with a scheme and a path.
 *
 * @throws AppError `invalid_argument`
 */
export function registryNamed(text = DOCKER_HUB): string {
  const host = text.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (host === DOCKER_HUB_API) return DOCKER_HUB;
  try {
    // A host without a dot or port would be read as the first part of a repository.
    const { registry, repository } = parseReference(`${host}/x`);
    if (repository === "x" || repository === "library/x") return registry;
  } catch (error) {
    // It would speak of a reference, which nobody gave.
    if (!(error instanceof AppError)) throw error;
  }
  throw new AppError(
    "invalid_argument",
    `Cannot use registry "${text}": want HOST[:PORT] with a dot or a port`,
  );
}
