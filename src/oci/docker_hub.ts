/**
 * The names of Docker Hub: references, its API and docker's credential files each use another one.
 *
 * @module
 */

/** The registry of Docker Hub in a full reference. It serves no API. */
export const DOCKER_HUB = "docker.io";
/** The host of the former API, which old references and credential files still contain. */
export const DOCKER_HUB_INDEX = "index.docker.io";
/** The host that serves the API of Docker Hub. */
export const DOCKER_HUB_API = "registry-1.docker.io";
/** The key of Docker Hub in docker's credential files and for credential helpers. */
export const DOCKER_HUB_KEY = `https://${DOCKER_HUB_INDEX}/v1/`;

const NAMES: ReadonlySet<string> = new Set([DOCKER_HUB, DOCKER_HUB_INDEX, DOCKER_HUB_API]);

/** Whether a host is one of the names of Docker Hub. */
export function isDockerHub(host: string): boolean {
  return NAMES.has(host.toLowerCase());
}

/** The host that serves the API of a registry: the registry itself, except for Docker Hub. */
export function apiHostOf(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_API : registry;
}
