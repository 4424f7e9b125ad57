/**
 * What a compiled program is to be: its target, and the permissions that are baked into it.
 *
 * @module
 */
import { parseArgs } from "../../src/cli/parse_args.ts";
import { VARIABLES } from "../../src/cli/environment.ts";
import { flagsOf, type Grants, joinGrants } from "../../src/cli/permissions/grants.ts";
import { credentialFiles, helperPaths, HELPERS, registryFiles } from "../../src/cli/permissions/sets.ts";

/** Targets of a release, with the names of their files. */
export const TARGETS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "dray-linux-x64",
  "aarch64-unknown-linux-gnu": "dray-linux-arm64",
  "x86_64-apple-darwin": "dray-macos-x64",
  "aarch64-apple-darwin": "dray-macos-arm64",
  "x86_64-pc-windows-msvc": "dray-windows-x64.exe",
};

/** What to compile. */
export interface CompileOptions {
  /** Empty for this machine alone. */
  readonly targets: readonly string[];
  /** Where the program goes. @default a name in `dist/` */
  readonly output?: string;
  /** The only store that the program can have. */
  readonly store?: string;
  /** The only hosts that it can reach: `HOST[:PORT]`. */
  readonly hosts: readonly string[];
  /** With a store: the only home whose credentials, certificates and hosts.toml it can read. */
  readonly home?: string;
  /** The only credential helpers that it can run: `pass`. Without them any, or with a home those that are packaged. */
  readonly helpers: readonly string[];
}

/** Reads the command line. @throws Error for a wrong one */
export function parseOptions(args: readonly string[]): CompileOptions {
  const names = ["target", "output", "store", "hosts", "home", "helpers"];
  const { _: words, ...given } = parseArgs([...args], {
    string: names,
    boolean: ["all-targets"],
    collect: ["target"],
  });
  const known = [...names, "all-targets"];
  const wrong = [...words, ...Object.keys(given).filter((name) => !known.includes(name))];
  if (wrong.length > 0) throw new Error(`unknown: ${wrong.join(", ")}; options are --${known.join(", --")}`);
  const named = listOf(given.target);
  const targets = given["all-targets"] === true ? Object.keys(TARGETS) : named;
  for (const target of targets) {
    if (!Object.hasOwn(TARGETS, target)) {
      throw new Error(`no target "${target}", want one of ${Object.keys(TARGETS).join(", ")}`);
    }
  }
  const output = typeof given.output === "string" && given.output !== "" ? given.output : undefined;
  if (output !== undefined && targets.length > 1) throw new Error("--output names one file, want one target");
  const home = typeof given.home === "string" && given.home !== "" ? given.home : undefined;
  const store = typeof given.store === "string" && given.store !== "" ? given.store : undefined;
  return {
    targets,
    hosts: listOf(given.hosts),
    helpers: listOf(given.helpers),
    ...(output === undefined ? {} : { output }),
    ...(home === undefined ? {} : { home }),
    ...(store === undefined ? {} : { store }),
  };
}

function listOf(value: unknown): readonly string[] {
  const texts = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
  return texts.flatMap((text) => text.split(",")).filter((text) => text !== "");
}

/**
 * The permissions that are baked in. Without a store or hosts the program can't know where it will be used: it may
 * do all, and each run gives up at its start what its command doesn't need.
 */
export function bakedGrants({ store, hosts, helpers, home }: CompileOptions): Grants {
  const net = hosts.length > 0 ? hosts : "all";
  if (store === undefined) {
    const run = helpers.length > 0 ? helperPaths(helpers) : "all";
    const env = Object.values(VARIABLES).flat();
    return joinGrants({ read: "all", write: "all", net, env, run, sys: SYSTEM, ffi: "all" });
  }
  // Without a home there is no user whose files would be looked for.
  const user = home === undefined ? {} : {
    read: credentialFiles(home),
    env: ["HOME"],
    run: helperPaths(helpers.length > 0 ? helpers : HELPERS),
  };
  return joinGrants(user, {
    read: [...registryFiles(home), store],
    write: [store],
    net,
    env: [
      ...VARIABLES.terminal,
      ...VARIABLES.telemetry,
      ...VARIABLES.registry.filter((name) => /proxy/i.test(name)),
    ],
    sys: SYSTEM,
  });
}

const SYSTEM = ["gid", "statfs", "uid"];

/** Flags of `deno compile` for them, and the words that every command line begins with. */
export function compileFlags(
  options: CompileOptions,
): { readonly flags: readonly string[]; readonly words: readonly string[] } {
  return {
    flags: flagsOf(bakedGrants(options)),
    words: options.store === undefined ? [] : ["--store", options.store],
  };
}
