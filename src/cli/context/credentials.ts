/**
 * Credentials: from the options of a command, from files, and from credential helpers.
 *
 * @module
 */
import type { Credential, CredentialSource } from "../../content/credential.ts";
import type { CredentialHelperOptions } from "../../credentials/helper.ts";
import { type CredentialLocations, credentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import type { REGISTRY_OPTIONS } from "../table/shared.ts";
import type { Input, Positionals } from "../table/types.ts";
import { usageError } from "../table/usage.ts";
import { promptLine, readPassword } from "../terminal/prompt.ts";
import type { Context } from "./context.ts";
import type { Environment } from "./environment.ts";

/** Values of the options for how registries are reached, and with which credentials. */
export type RegistryValues = Input<Positionals, typeof REGISTRY_OPTIONS>["options"];

/** The files that contain credentials. */
export function locationsOf(environment: Environment): CredentialLocations {
  return credentialLocations(environment.variable, environment.home);
}

/** How credential helpers are run: they use the same proxies and CAs as this process. */
export function helperOptions(environment: Environment): CredentialHelperOptions {
  return { env: environment.connectionVariables };
}

/**
 * The credentials in files. The code that reads them is loaded only when a registry demands credentials: most
 * pulls of public images need none.
 */
export function storedCredentials(environment: Environment): CredentialSource {
  const locations = locationsOf(environment);
  const options = helperOptions(environment);
  return {
    isByName: true,
    async findCredential(registry, repository, signal) {
      const { fileCredentials } = await import("../../credentials/source.ts");
      return await fileCredentials(locations, options).findCredential(registry, repository, signal);
    },
  };
}

/**
 * Whether a credential file may name a helper program: if none does, a run needs no permission to start
 * programs. It searches the text without parsing it, so it can be true without a helper but never the
 * reverse.
 */
export function mayNameHelper(locations: CredentialLocations): boolean {
  const namesHelper = (text: string) => /"cred(?:sStore|Helpers)"|\\u/.test(text);
  if (namesHelper(locations.inline ?? "")) return true;
  return searchOrderOf(locations).some(({ path }) => {
    try {
      return namesHelper(Deno.readTextFileSync(path));
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable);
    }
  });
}

/**
 * The credential of `--username` with `--password-stdin` or a prompt; undefined without these options.
 *
 * @param command the command's name, for the error
 * @throws AppError `invalid_argument` for a password without a user name
 */
export async function credentialFrom(
  command: string,
  options: RegistryValues,
  { io, signal }: Context,
): Promise<Credential | undefined> {
  const { username } = options;
  if (username === undefined) {
    if (!options["password-stdin"]) return undefined;
    throw usageError(command, "--password-stdin requires --username");
  }
  const password = options["password-stdin"]
    ? await readPassword(io)
    : await promptLine(io, "Password", "secret", signal);
  return { kind: "basic", username, password };
}

/** A source with one credential, only for the registry of a reference; undefined without a credential. */
export async function credentialsFor(
  reference: string,
  credential: Credential | undefined,
): Promise<CredentialSource | undefined> {
  if (credential === undefined) return undefined;
  const { fixedCredentials } = await import("../../credentials/source.ts");
  const { parseReference } = await import("../../oci/reference.ts");
  return fixedCredentials(parseReference(reference).registry, credential, "--username");
}
