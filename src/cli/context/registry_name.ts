/**
 * Names of registries on the command line.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { DOCKER_HUB, DOCKER_HUB_API } from "../../oci/docker_hub.ts";
import { parseReference } from "../../oci/reference.ts";

/**
 * Parses the name of a registry: a host with an optional port and, as docker accepts it, a scheme and a path.
 *
 * @throws AppError `invalid_argument`
 */
export function parseRegistryName(text = DOCKER_HUB): string {
  const host = text.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (host === DOCKER_HUB_API) return DOCKER_HUB;
  try {
    // A host without a dot or port would be parsed as the first part of a repository.
    const { registry, repository } = parseReference(`${host}/x`);
    if (repository === "x" || repository === "library/x") return registry;
  } catch (error) {
    // Its message is about a reference, but the user gave a registry.
    if (!(error instanceof AppError)) throw error;
  }
  throw new AppError(
    "invalid_argument",
    `Cannot use registry "${text}": use HOST[:PORT] with a dot or a port`,
  );
}
