/**
 * The registry client with the hosts from the configuration files. Loaded only by calls that contact a registry.
 *
 * @module
 */
import { createHosts } from "../hosts/hosts.ts";
import type { HostSettings } from "../hosts/settings.ts";
import { type Clock, SYSTEM_CLOCK } from "../http/clock.ts";
import { openRegistryClient, type Registry } from "../registry/registry.ts";
import type { RegistryClientSettings } from "../registry/settings.ts";

/** Settings of a registry client; every field has a default. */
export interface RegistrySettings extends HostSettings, RegistryClientSettings {}

/**
 * Opens a registry client.
 *
 * @param clock time, for tests
 * @throws AppError `invalid_argument` for settings that make no sense
 *
 * @example
 * ```ts
 * import { parseReference } from "../oci/reference.ts";
 * import { openRegistry } from "./registry.ts";
 *
 * const registry = openRegistry({});
 * const remote = registry.remote(parseReference("nginx"));
 * registry.close();
 * ```
 */
export function openRegistry(settings: RegistrySettings, clock: Clock = SYSTEM_CLOCK): Registry {
  return openRegistryClient(settings, createHosts(settings), clock);
}
