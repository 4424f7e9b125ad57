/**
 * `dray login`
 *
 * @module
 */
import { AppError } from "../../../base/errors.ts";
import type { Credential } from "../../../content/credential.ts";
import type { Context } from "../../context/context.ts";
import {
  credentialFrom,
  helperOptions,
  locationsOf,
  type RegistryValues,
} from "../../context/credentials.ts";
import { registrySettings } from "../../context/open.ts";
import { parseLoginName } from "../../context/registry_name.ts";
import { promptLine } from "../../terminal/prompt.ts";
import type { LOGIN } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Checks a credential at its registry, and stores it if the registry accepts it. */
export async function run({ args, options }: InputOf<typeof LOGIN>, context: Context): Promise<void> {
  const { io, messages, environment, signal } = context;
  const { registry, name } = parseLoginName(args.registry);
  const credential = await readCredential(options, context);
  const { openRegistry } = await import("../../../image/registry.ts");
  const { fixedCredentials } = await import("../../../credentials/source.ts");
  const { storeCredential } = await import("../../../credentials/login.ts");
  const client = openRegistry(await registrySettings(context, options));
  try {
    await client.checkCredentials(registry, fixedCredentials(registry, credential, "--username"), signal);
  } finally {
    client.close();
  }
  const { source, warning } = await storeCredential(
    locationsOf(environment),
    name,
    credential,
    signal,
    helperOptions(environment),
  );
  if (warning !== undefined) messages.warn(warning);
  if (environment.variable("DOCKER_AUTH_CONFIG") !== undefined) {
    messages.warn("DOCKER_AUTH_CONFIG is set: the credentials in it take precedence over the stored ones");
  }
  io.stdout.write(`logged in to ${name}\n`);
  messages.info(`Stored in ${source}`);
}

async function readCredential(options: RegistryValues, context: Context): Promise<Credential> {
  if (options.username !== undefined || options["password-stdin"]) {
    const given = await credentialFrom("login", options, context);
    if (given !== undefined) return given;
  }
  const username = await promptLine(context.io, "Username", "shown", context.signal);
  if (username === "") throw new AppError("invalid_argument", "Cannot log in: the user name is empty");
  const password = await promptLine(context.io, "Password", "secret", context.signal);
  return { kind: "basic", username, password };
}
