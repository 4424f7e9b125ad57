/**
 * The registry client with the hosts from the configuration files. Loaded only by calls that contact a registry.
 *
 * @module
 */
import { createHosts } from "../hosts/hosts.ts";
import type { HostSettings } from "../hosts/settings.ts";
import { openRegistryClient, type Registry } from "../registry/registry.ts";
import type { RegistryClientSettings } from "../registry/settings.ts";

/** Settings of a registry client; every field has a default. */
export interface RegistrySettings extends HostSettings, RegistryClientSettings {}

/**
 * Opens a registry client. Close or dispose it after use.
 *
 * @throws AppError `invalid_argument` if a number in the settings is out of range
 *
 * @example
 * ```ts
 * import { openRegistry } from "./registry.ts";
 *
 * await using registry = openRegistry({ attempts: 3, onWarning: (text, host) => console.warn(host, text) });
 * ```
 */
export function openRegistry(settings: RegistrySettings = {}): Registry {
  return openRegistryClient(settings, createHosts(settings));
}
