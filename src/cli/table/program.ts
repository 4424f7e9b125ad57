/**
 * Commands about the program itself.
 *
 * @module
 */
import { JSON_FLAG } from "./shared.ts";
import { command } from "./types.ts";

/** Shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** `dray completions` */
export const COMPLETIONS = command({
  group: "Program",
  summary: "Print a script that completes commands in a shell",
  description: ["SHELL is bash, zsh or fish. Names of images are completed from the store."],
  positionals: {
    shell: { count: "one", value: "SHELL", hint: SHELLS, summary: "bash, zsh or fish" },
  },
  options: {},
  examples: [
    { line: "source <(dray completions bash)", note: "in ~/.bashrc" },
    {
      line: 'dray completions zsh > "${fpath[1]}/_dray"',
      note: "once, to a folder of $fpath; source works too",
    },
    { line: "dray completions fish > ~/.config/fish/completions/dray.fish", note: "once" },
  ],
  exits: [],
  needs: [],
});

/** `dray version` */
export const VERSION_COMMAND = command({
  group: "Program",
  summary: "Print the versions of dray and of the runtime",
  description: [],
  positionals: {},
  options: { json: JSON_FLAG },
  examples: [{ line: "dray version --json", note: "for a program" }],
  exits: [],
  needs: [],
});

/** `dray help` */
export const HELP = command({
  group: "Program",
  summary: "Show help for dray or for one command",
  description: [],
  positionals: {
    command: { count: "optional", value: "COMMAND", hint: "command", summary: "a command" },
  },
  options: {},
  examples: [{ line: "dray help pull", note: "the same as dray pull --help" }],
  exits: [],
  needs: [],
});
