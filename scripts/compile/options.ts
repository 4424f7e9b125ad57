/**
 * Parses the command line of `deno task compile`, and determines the permissions of the executable.
 *
 * @module
 */
// @ts-types="../../src/cli/table/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { VARIABLES } from "../../src/cli/context/environment.ts";
import { flagsOf, type Grants, joinGrants } from "../../src/cli/permissions/grants.ts";
import { credentialFiles, helperPaths, HELPERS, registryFiles } from "../permission_sets.ts";

/** The targets of a release and the names of their files. */
export const TARGETS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "dray-linux-x64",
  "aarch64-unknown-linux-gnu": "dray-linux-arm64",
  "x86_64-apple-darwin": "dray-macos-x64",
  "aarch64-apple-darwin": "dray-macos-arm64",
  "x86_64-pc-windows-msvc": "dray-windows-x64.exe",
};

/** The parsed command line. */
export interface CompileOptions {
  /** Empty for this machine. */
  readonly targets: readonly string[];
  /** The path of the executable. @default a name in `dist/` */
  readonly output?: string;
  /** The only store that the executable can use. @default any */
  readonly store?: string;
  /** The only hosts that it can connect to, `HOST[:PORT]`; empty for any. */
  readonly hosts: readonly string[];
  /** With a store: the only home directory whose credentials, certificates and hosts.toml it can read. */
  readonly home?: string;
  /** The only credential helpers that it can run (`pass`); empty for any or, with a home, the well-known ones. */
  readonly helpers: readonly string[];
}

/** Parses the command line. @throws Error if it is invalid */
export function parseOptions(args: readonly string[]): CompileOptions {
  const names = ["target", "output", "store", "hosts", "home", "helpers"];
  const { _: words, ...given } = parseArgs([...args], {
    string: names,
    boolean: ["all-targets"],
    collect: ["target"],
  });
  const known = [...names, "all-targets"];
  const unknown = [...words, ...Object.keys(given).filter((name) => !known.includes(name))];
  if (unknown.length > 0) {
    throw new Error(`unknown argument: ${unknown.join(", ")}; options are --${known.join(", --")}`);
  }
  const named = listOf(given.target);
  const targets = given["all-targets"] === true ? Object.keys(TARGETS) : named;
  for (const target of targets) {
    if (!Object.hasOwn(TARGETS, target)) {
      throw new Error(`unknown target "${target}"; targets are ${Object.keys(TARGETS).join(", ")}`);
    }
  }
  const output = typeof given.output === "string" && given.output !== "" ? given.output : undefined;
  if (output !== undefined && targets.length > 1) throw new Error("--output needs a single target");
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
 * Returns the permissions of the executable. Without a store they include everything that any command may need; each run
 * drops the permissions that its command doesn't need.
 */
export function bakedGrants({ store, hosts, helpers, home }: CompileOptions): Grants {
  const net = hosts.length > 0 ? hosts : "all";
  if (store === undefined) {
    const run = helpers.length > 0 ? helperPaths(helpers) : "all";
    const env = Object.values(VARIABLES).flat();
    return joinGrants({ read: "all", write: "all", net, env, run, sys: SYSTEM, ffi: "all" });
  }
  // Without a home, the executable reads no user's files.
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

/** Returns the permission flags for `deno compile`, and the arguments that precede those of each run. */
export function compileFlags(
  options: CompileOptions,
): { readonly flags: readonly string[]; readonly words: readonly string[] } {
  return {
    flags: flagsOf(bakedGrants(options)),
    words: options.store === undefined ? [] : ["--store", options.store],
  };
}
