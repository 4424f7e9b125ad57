/**
 * The command about permissions.
 *
 * @module
 */
import { JSON_FLAG } from "./shared.ts";
import { command } from "./types.ts";

/** `dray permissions` */
export const PERMISSIONS = command({
  group: "Program",
  summary: "Print the flags of deno run that a command line needs, and no more",
  description: [
    "The store, the hosts of the registry, its mirrors and its token service as the configuration has them, the files " +
    "that say so, helper programs and environment variables by name. Nothing is run, and without --probe nobody is asked.",
    "A registry may send its clients on to other hosts for the bytes of layers. For public ones these are known; " +
    "--probe asks any registry, and adds the hosts that it names now.",
    "Options of this command stand before COMMAND; all that follows is a command line of its own.",
  ],
  positionals: {
    command: { count: "one", value: "COMMAND", hint: "command", summary: "a command" },
    args: { count: "list", value: "ARG", summary: "its arguments and options" },
  },
  options: {
    probe: { kind: "flag", summary: "ask the registries which hosts they send clients to" },
    registry: {
      kind: "texts",
      value: "REGISTRY",
      summary: "for a server: it may pull from this registry and from no other; may be repeated",
    },
    json: { ...JSON_FLAG, summary: "print JSON, as the permissions of deno.json have it" },
  },
  examples: [
    { line: "dray permissions pull nginx", note: "what this pull needs" },
    { line: "dray permissions --probe pull ghcr.io/org/app", note: "with the hosts that layers come from" },
    { line: "dray permissions --registry ghcr.io serve cri", note: "a server that knows one registry" },
    { line: "dray permissions --json images", note: "for a program" },
  ],
  exits: ["not-found", "unauthorized", "network", "denied"],
  needs: ["store-read", "configuration"],
  needsWith: { probe: ["registry", "credentials"] },
  passesOn: true,
});
