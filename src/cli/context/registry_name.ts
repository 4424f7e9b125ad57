/**
 * Names of registries on the command line.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { redactName } from "../../base/redact.ts";
import { DOCKER_HUB, DOCKER_HUB_API } from "../../oci/docker_hub.ts";
import { parseReference, type Reference } from "../../oci/reference.ts";

/**
 * Parses the name of a registry: a host with an optional port and, as docker accepts it, a scheme and a path, which are
 * dropped.
 *
 * @throws AppError `invalid_argument`
 */
export function parseRegistryName(text = DOCKER_HUB): string {
  const host = text.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (host === DOCKER_HUB_API) return DOCKER_HUB;
  // A host without a dot or port would be parsed as the first part of a repository.
  const { registry, repository } = tryParse(`${host}/x`) ?? { registry: "", repository: "" };
  if (repository === "x" || repository === "library/x") return registry;
  throw new AppError(
    "invalid_argument",
    `Cannot use registry "${redactName(text)}": use HOST[:PORT] with a dot or a port`,
  );
}

/** The name of credentials: a registry, or a namespace of it. */
export interface LoginName {
  readonly registry: string;
  /** The registry, followed by the namespace if there is one: `HOST[:PORT][/NAMESPACE…]`. */
  readonly name: string;
}

/**
 * Parses the name of a registry, or of a namespace of it whose credentials are stored separately. The path of an address
 * with a scheme and that of an API (`/v1/`) mean the whole registry, as for docker.
 *
 * @throws AppError `invalid_argument`
 */
export function parseLoginName(text = DOCKER_HUB): LoginName {
  const registry = parseRegistryName(text);
  const path = text.includes("://") ? "" : text.replace(/^[^/]*\/?/, "").replace(/\/+$/, "");
  if (path === "" || /^v[12]$/.test(path)) return { registry, name: registry };
  const parsed = tryParse(`${registry}/${path}/x`);
  if (parsed?.registry === registry && parsed.repository === `${path}/x`) {
    return { registry, name: `${registry}/${path}` };
  }
  throw new AppError(
    "invalid_argument",
    `Cannot use namespace "${path}" of registry "${registry}": use HOST[:PORT]/PATH, where PATH is the ` +
      "beginning of a repository's name",
  );
}

/** Parses a reference; undefined if it is invalid: the error would be about a reference, but the user gave a registry. */
function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
