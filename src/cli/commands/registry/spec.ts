/**
 * The table of the commands for registries.
 *
 * @module
 */
import { JSON_FLAG, REGISTRY_OPTIONS } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

const REGISTRY = {
  count: "optional",
  value: "REGISTRY",
  summary: "a host with an optional port and path (default: docker.io)",
} as const;

/** `dray tags` */
export const TAGS = command({
  group: "registry",
  summary: "List the tags of a repository",
  description: ["Prints one tag per line, in the registry's order, page by page."],
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
    { line: "dray tags alpine", note: "list all tags" },
    { line: "dray tags ghcr.io/org/app | tail -5", note: "list the last five tags" },
  ],
  exits: ["not-found", "unauthorized", "network"],
  needs: ["registry", "credentials"],
});

/** `dray login` */
export const LOGIN = command({
  group: "registry",
  isEveryday: true,
  summary: "Log in to a registry",
  description: [
    "Checks the credentials at the registry, then stores them in docker's configuration file " +
    "($DOCKER_CONFIG/config.json), or in the credential helper that this file names. With a path " +
    "(HOST/PATH), they are used only for the repositories below it.",
  ],
  positionals: { registry: REGISTRY },
  options: REGISTRY_OPTIONS,
  examples: [
    { line: "dray login -u me --password-stdin ghcr.io < token", note: "log in non-interactively" },
    { line: "dray login registry.example/team", note: "log in for the repositories below team/" },
    { line: "dray login registry.example:5000", note: "prompt for user name and password" },
  ],
  exits: ["unauthorized", "network", "denied"],
  needs: ["registry", "credentials", "credentials-write"],
});

/** `dray logout` */
export const LOGOUT = command({
  group: "registry",
  summary: "Log out of a registry",
  description: [
    "Removes the credentials from docker's configuration file, or from the credential helper that this " +
    "file names.",
  ],
  positionals: { registry: REGISTRY },
  options: {},
  examples: [{ line: "dray logout ghcr.io", note: "remove the credentials for ghcr.io" }],
  exits: ["not-found", "denied"],
  needs: ["credentials", "credentials-write"],
});
