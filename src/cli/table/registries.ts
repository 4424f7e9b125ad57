/**
 * Commands about registries.
 *
 * @module
 */
import { JSON_FLAG, REGISTRY_OPTIONS } from "./shared.ts";
import { command } from "./types.ts";

const REGISTRY = {
  count: "optional",
  value: "REGISTRY",
  summary: "a host with an optional port (default: docker.io)",
} as const;

/** `dray tags` */
export const TAGS = command({
  group: "Registries",
  summary: "List the tags of a repository at its registry",
  description: ["One a line, in the registry's order, as its pages come in."],
  positionals: {
    repository: {
      count: "one",
      value: "REPO",
      hint: "image",
      summary: "a name without a tag: nginx, ghcr.io/org/app",
    },
  },
  options: { json: JSON_FLAG, ...REGISTRY_OPTIONS },
  examples: [
    { line: "dray tags alpine", note: "all tags" },
    { line: "dray tags ghcr.io/org/app | tail -5", note: "the last ones" },
  ],
  exits: ["not-found", "unauthorized", "network"],
  needs: ["registry", "credentials"],
});

/** `dray login` */
export const LOGIN = command({
  group: "Registries",
  summary: "Keep credentials for a registry",
  description: [
    "The credentials are tried at the registry first, then written to the file that docker reads " +
    "($DOCKER_CONFIG/config.json), or given to the helper program that this file names.",
  ],
  positionals: { registry: REGISTRY },
  options: REGISTRY_OPTIONS,
  examples: [
    { line: "dray login -u me --password-stdin ghcr.io < token", note: "without a question" },
    { line: "dray login registry.example:5000", note: "asks for name and password" },
  ],
  exits: ["unauthorized", "network", "denied"],
  needs: ["registry", "credentials", "credentials-write"],
});

/** `dray logout` */
export const LOGOUT = command({
  group: "Registries",
  summary: "Forget the credentials for a registry",
  description: [
    "Removes them from the file that docker reads, or from the helper program that this file names.",
  ],
  positionals: { registry: REGISTRY },
  options: {},
  examples: [{ line: "dray logout ghcr.io", note: "forget ghcr.io" }],
  exits: ["not-found", "denied"],
  needs: ["credentials", "credentials-write"],
});
