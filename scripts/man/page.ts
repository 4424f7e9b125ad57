/**
 * The man page, from the same table as the parser and the help.
 *
 * @module
 */
import { type ExitName, EXITS } from "../../src/cli/exit_codes.ts";
import type { VARIABLES } from "../../src/cli/environment.ts";
import { optionSummary, optionText, usageOf } from "../../src/cli/help.ts";
import { COMMAND_NAMES, type CommandName, commandOf } from "../../src/cli/table.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/table/shared.ts";
import type { Options } from "../../src/cli/table/types.ts";
import { paragraph, request, roff, section, term } from "./roff.ts";

type Variable = typeof VARIABLES[keyof typeof VARIABLES][number];

/** What the variables do. Proxies are in one line with both their spellings. */
export const VARIABLE_MEANINGS = {
  DRAY_STORE: "Where images are kept, unless --store says so.",
  XDG_DATA_HOME: "Where an ordinary user's store is, in dray/ below it; else ~/.local/share.",
  XDG_CONFIG_HOME: "Where dray/certs.d and containers/auth.json of the user are; else ~/.config.",
  XDG_RUNTIME_DIR: "Where containers/auth.json is looked for.",
  HOME: "The user's folder.",
  USERPROFILE: "The same on Windows.",
  DOCKER_CONFIG: "The folder of config.json, the file that login writes; else ~/.docker.",
  REGISTRY_AUTH_FILE: "A file of credentials that is looked into first.",
  NO_COLOR: "Print no colours.",
  CI: "Nobody looks at a terminal: progress is lines of a log.",
  TERM: "If it is dumb, progress is lines of a log.",
  OTEL_DENO: "If it is true, a server hands its traces to the runtime.",
} as const satisfies Readonly<Partial<Record<Variable, string>>>;

/** Files and folders that the program looks for. */
const FILES: readonly (readonly [path: string, meaning: string])[] = [
  ["/var/lib/dray", "The store of root."],
  ["~/.local/share/dray", "The store of an ordinary user."],
  [
    "~/.config/dray/certs.d, /etc/dray/certs.d",
    "One folder for each registry, HOST or HOST:PORT, with certificates and " +
    "hosts.toml, as containerd has them; those of containerd, docker and podman are looked into as well.",
  ],
  ["~/.docker/config.json", "Credentials, and names of helper programs."],
  ["/run/dray/dray.sock", "The socket of dray serve cri."],
];

/** Makes the page. `date` is that of the release: `2026-11-24`. */
export function manPage(version: string, date: string): string {
  return [
    request("TH", "DRAY", "1", date, `dray ${version}`, "User Commands"),
    section("Name"),
    roff("dray - pull container images into a store that any OCI tool can read"),
    section("Synopsis"),
    `${request("B", "dray")}\n${roff("COMMAND [ARGUMENTS]")}`,
    section("Description"),
    roff(
      "dray pulls container images from registries into an OCI image layout, looks after them there, and hands them on: " +
        "to a directory, an archive, or a kubelet.",
    ),
    section("Commands"),
    ...COMMAND_NAMES.flatMap(commandPart),
    section("Options of every command"),
    ...optionParts(GLOBAL_OPTIONS),
    section("Exit status"),
    ...(Object.keys(EXITS) as ExitName[]).map((name) => term(String(EXITS[name][0]), `${EXITS[name][1]}.`)),
    section("Environment"),
    ...Object.entries(VARIABLE_MEANINGS).map(([name, meaning]) => term(name, meaning)),
    term(
      "HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
      "Proxies for https and http addresses, and what is asked directly; lower case counts first.",
    ),
    section("Files"),
    ...FILES.map(([path, meaning]) => term(path, meaning)),
    section("Examples"),
    ...COMMAND_NAMES.flatMap((name) =>
      commandOf(name).examples.map(({ line, note }) => term(line, `${note}.`))
    ),
    section("See also"),
    `${request("BR", "skopeo", "(1),")}\n${request("BR", "crictl", "(1)")}`,
    "",
  ].join("\n");
}

function commandPart(name: CommandName): readonly string[] {
  const { summary, description, positionals, options } = commandOf(name);
  return [
    request("SS", usageOf(name)),
    `${roff(summary)}.`,
    ...description.map(paragraph),
    ...Object.values(positionals).map(({ value, summary: meaning }) => term(value, meaning)),
    ...optionParts(options),
  ];
}

function optionParts(options: Options): readonly string[] {
  return Object.entries(options).map(([name, spec]) =>
    term(optionText(name, spec).trim(), optionSummary(spec))
  );
}
