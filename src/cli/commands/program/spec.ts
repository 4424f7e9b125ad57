/**
 * The table of the commands about the program itself.
 *
 * @module
 */
import { JSON_FLAG } from "../../table/shared.ts";
import { command } from "../../table/types.ts";

/** Shells that have a completion script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** `dray permissions` */
export const PERMISSIONS = command({
  group: "program",
  summary: "Print the exact deno run flags that a command line needs",
  description: [
    "Covers the store; the hosts of the registry, its mirrors and its token service according to the " +
    "configuration; the configuration files; and credential helpers and environment variables by name. " +
    "Nothing is run and, without --probe, no registry is contacted.",
    "A registry may redirect clients to other hosts for the bytes of layers. For well-known public " +
    "registries these hosts are known; --probe asks any registry and adds the hosts that it uses now.",
    "Options of this command must precede COMMAND; everything after COMMAND belongs to it.",
  ],
  positionals: {
    command: { count: "one", value: "COMMAND", hint: "command", summary: "a command" },
    args: { count: "list", value: "ARG", summary: "its arguments and options" },
  },
  options: {
    probe: { kind: "flag", summary: "ask the registries which other hosts they use" },
    registry: {
      kind: "texts",
      value: "REGISTRY",
      summary: "for a server: allow pulls only from this registry; may be repeated",
    },
    json: { ...JSON_FLAG, summary: "print JSON in the format of the permissions in deno.json" },
  },
  examples: [
    { line: "dray permissions pull nginx", note: "print what this pull needs" },
    {
      line: "dray permissions --probe pull ghcr.io/org/app",
      note: "include the hosts that serve the registry's layers",
    },
    {
      line: "dray permissions --registry ghcr.io serve cri",
      note: "print what a server needs that pulls only from ghcr.io",
    },
    { line: "dray permissions --json images", note: "print JSON for scripts" },
  ],
  exits: ["not-found", "unauthorized", "network", "denied"],
  needs: ["store-read", "configuration"],
  needsWith: { probe: ["registry", "credentials"] },
  isWrapper: true,
});

/** `dray completions` */
export const COMPLETIONS = command({
  group: "program",
  summary: "Print a completion script for a shell",
  description: ["SHELL is bash, zsh or fish. Image names are completed from the store."],
  positionals: {
    shell: { count: "one", value: "SHELL", hint: SHELLS, summary: "bash, zsh or fish" },
  },
  options: {},
  examples: [
    { line: "source <(dray completions bash)", note: "load completions in ~/.bashrc" },
    {
      line: 'dray completions zsh > "${fpath[1]}/_dray"',
      note: "install completions in a directory of $fpath",
    },
    {
      line: "dray completions fish > ~/.config/fish/completions/dray.fish",
      note: "install completions for fish",
    },
  ],
  exits: [],
  needs: [],
});

/** `dray version` */
export const VERSION_COMMAND = command({
  group: "program",
  summary: "Print the versions of dray and of the runtime",
  description: [],
  positionals: {},
  options: { json: JSON_FLAG },
  examples: [{ line: "dray version --json", note: "print JSON for scripts" }],
  exits: [],
  needs: [],
});

/** `dray help` */
export const HELP = command({
  group: "program",
  isEveryday: true,
  summary: "Show help for a command, a group of commands or a topic",
  description: ["Without TOPIC it prints the everyday commands, the groups of commands and the topics."],
  positionals: {
    topic: { count: "optional", value: "TOPIC", hint: "help", summary: "a command, a group or a topic" },
  },
  options: {},
  examples: [
    { line: "dray help pull", note: 'show the same as "dray pull --help"' },
    { line: "dray help store", note: "list the commands for images and the store" },
    { line: "dray help exit-codes", note: "show a topic" },
  ],
  exits: [],
  needs: [],
});
