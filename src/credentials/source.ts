/**
 * Sources of credentials: files with helper programs, fixed credentials, and chains of sources.
 *
 * @module
 */
import type { Credential, CredentialSource, FoundCredential } from "../content/credential.ts";
import { asString } from "../oci/json.ts";
import { type ConfigFile, readConfigFiles, whereOf } from "./config_file.ts";
import { decodeEntry } from "./entry.ts";
import { type CredentialHelperOptions, getFromHelper, type Helper, sourceOfHelper } from "./helper.ts";
import { dockerKeyOf, type KeyMatch, matchKeys } from "./keys.ts";
import type { CredentialLocations } from "./locations.ts";

/**
 * The credentials of docker and podman. Each lookup reads the files again, so that a `docker login` takes
 * effect while a server is running. The first file with a credential wins ({@linkcode readConfigFiles}). Within
 * a file, the most specific key wins, and a helper program takes precedence over an entry of the same key.
 *
 * If a file is malformed or a helper program fails, the lookup fails instead of returning no credentials
 * (AppError `invalid_content`, `unauthorized`, `permission_denied`, `deadline_exceeded`).
 *
 * @example Pull with the credentials of `docker login`, or with one token for one registry
 * ```ts
 * import { openImages } from "../image/open.ts";
 * import { credentialLocations } from "./locations.ts";
 * import { chainCredentials, fileCredentials, fixedCredentials } from "./source.ts";
 *
 * const locations = credentialLocations((name) => Deno.env.get(name), "/home/ann");
 * const token = { kind: "basic", username: "ann", password: "s3cret" } as const;
 * const images = await openImages({
 *   root: await Deno.makeTempDir(),
 *   registry: {
 *     credentials: chainCredentials(fixedCredentials("ghcr.io", token, "my own"), fileCredentials(locations)),
 *   },
 * });
 * images.close();
 * ```
 */
export function fileCredentials(
  locations: CredentialLocations,
  options: CredentialHelperOptions = {},
): CredentialSource {
  return {
    isByName: true,
    async findCredential(registry, repository, signal) {
      for await (const file of readConfigFiles(locations)) {
        signal.throwIfAborted();
        const found = await findInFile(file, registry, repository, options, signal);
        if (found) return found;
      }
      return undefined;
    },
  };
}

/**
 * One credential for one registry, from a flag or the caller. It is never sent to another registry.
 *
 * @param source for messages: `--username`
 *
 * @example
 * ```ts
 * import { fixedCredentials } from "./source.ts";
 *
 * const token = { kind: "basic", username: "ann", password: "s3cret" } as const;
 * const source = fixedCredentials("ghcr.io", token, "the deploy token");
 * const { signal } = new AbortController();
 * console.assert((await source.findCredential("ghcr.io", "ann/app", signal))?.credential === token);
 * console.assert(await source.findCredential("quay.io", "ann/app", signal) === undefined);
 * ```
 */
export function fixedCredentials(registry: string, credential: Credential, source: string): CredentialSource {
  return {
    isByName: true,
    findCredential: (requested) =>
      Promise.resolve(dockerKeyOf(requested) === dockerKeyOf(registry) ? { credential, source } : undefined),
  };
}

/**
 * Tries one source after the other; the first one with a credential wins. If a source fails, the lookup
 * fails: a malformed file must not make a pull use the credentials of another user.
 *
 * @example
 * ```ts
 * import { chainCredentials, fixedCredentials } from "./source.ts";
 *
 * const first = fixedCredentials("ghcr.io", { kind: "basic", username: "ann", password: "1" }, "first");
 * const second = fixedCredentials("ghcr.io", { kind: "basic", username: "bob", password: "2" }, "second");
 * const { signal } = new AbortController();
 * const found = await chainCredentials(first, second).findCredential("ghcr.io", "app", signal);
 * console.assert(found?.source === "first");
 * ```
 */
export function chainCredentials(...sources: readonly CredentialSource[]): CredentialSource {
  return {
    isByName: sources.every((source) => source.isByName),
    async findCredential(registry, repository, signal) {
      for (const source of sources) {
        const found = await source.findCredential(registry, repository, signal);
        if (found) return found;
      }
      return undefined;
    },
  };
}

/**
 * The helper program that a file names for a registry or for one of its namespaces; undefined if there is
 * none.
 */
export function helperFor(file: ConfigFile, match: KeyMatch | undefined): Helper | undefined {
  if (match === undefined) {
    return file.credsStore === undefined
      ? undefined
      : { name: file.credsStore, namedBy: `credsStore of ${file.path}` };
  }
  const name = asString(file.credHelpers[match.key], `${whereOf(file.path)}, "credHelpers"["${match.key}"]`);
  // As in docker, an empty name excludes the registry from `credsStore`.
  return name === "" ? undefined : { name, namedBy: `credHelpers of ${file.path}` };
}

async function findInFile(
  file: ConfigFile,
  registry: string,
  repository: string,
  options: CredentialHelperOptions,
  signal: AbortSignal,
): Promise<FoundCredential | undefined> {
  const helpers = matchKeys(Object.keys(file.credHelpers), registry, repository);
  const entries = matchKeys(Object.keys(file.auths), registry, repository);
  for (let depth = repository.split("/").length; depth >= 0; depth--) {
    const match = helpers.find((helper) => helper.depth === depth);
    const helper = match !== undefined || depth === 0 ? helperFor(file, match) : undefined;
    if (helper) {
      const credential = await getFromHelper(helper, registry, options, signal);
      if (credential) return { credential, source: sourceOfHelper(helper) };
    }
    for (const { key } of entries.filter((entry) => entry.depth === depth)) {
      const credential = decodeEntry(file.auths[key], `${whereOf(file.path)}, key "${key}"`);
      if (credential) return { credential, source: `${file.path}, key "${key}"` };
      // `login HOST/NAMESPACE` leaves an empty entry for a credential that a helper program keeps under that name.
      const keeper = depth > 0 ? helperFor(file, helpers[0]) : undefined;
      const kept = keeper && await getFromHelper(keeper, key, options, signal);
      if (keeper && kept) return { credential: kept, source: `${sourceOfHelper(keeper)}, key "${key}"` };
    }
  }
  return undefined;
}
