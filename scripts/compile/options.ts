/**
 * What a compiled program is to be: its target, and the permissions that are baked into it.
 *
 * @module
 */
import { parseArgs } from "../../src/cli/parse_args.ts";
import { VARIABLES } from "../../src/cli/environment.ts";
import { flagsOf, type Grants, joinGrants } from "../../src/cli/permissions/grants.ts";
import { HELPER_PROGRAMS, PERMISSION_SETS } from "../../src/cli/permissions/sets.ts";

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
  /** The only store that the program can have. */
  readonly store?: string;
  /** The only hosts that it can reach: `HOST[:PORT]`. */
  readonly hosts: readonly string[];
  /** The only credential helpers that it can run: `pass`. Without them any, or with a store those that are packaged. */
  readonly helpers: readonly string[];
}

/** Reads the command line. @throws Error for a wrong one */
export function parseOptions(args: readonly string[]): CompileOptions {
  const names = ["target", "store", "hosts", "helpers"];
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
  const store = typeof given.store === "string" && given.store !== "" ? given.store : undefined;
  return {
    targets,
    hosts: listOf(given.hosts),
    helpers: listOf(given.helpers),
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
export function bakedGrants({ store, hosts, helpers }: CompileOptions): Grants {
  const { pull, unpack } = PERMISSION_SETS;
  const packaged = [...HELPER_PROGRAMS.any, ...HELPER_PROGRAMS.linux, ...HELPER_PROGRAMS.others];
  const isScoped = store !== undefined;
  return joinGrants({
    read: isScoped ? [...withoutStore(pull.read), store] : "all",
    write: isScoped ? [store] : "all",
    net: hosts.length > 0 ? hosts : "all",
    env: Object.values(VARIABLES).flat(),
    run: helpers.length > 0
      ? helpers.map((name) => `docker-credential-${name}`)
      : isScoped
      ? packaged
      : "all",
    sys: ["gid", "statfs", "uid"],
    // Through libc anything could be read and written.
    ffi: isScoped ? [] : unpack.ffi,
  });
}

function withoutStore(scope: Grants["read"]): readonly string[] {
  const { read } = PERMISSION_SETS;
  return scope === "all" ? [] : scope.filter((path) => !read.read.includes(path));
}

/** Flags of `deno compile` for them, and the words that every command line begins with. */
export function compileFlags(
  options: CompileOptions,
): { readonly flags: readonly string[]; readonly words: readonly string[] } {
  return {
    flags: flagsOf(bakedGrants(options)),
    words: options.store === undefined ? [] : ["--store", options.store],
  };
}
