/**
 * Options that several commands have.
 *
 * @module
 */
import type { Flag, Options, TextOption } from "./types.ts";

/** Platforms that a shell offers; any other can be written. */
const PLATFORM_WORDS = [
  "linux/amd64",
  "linux/arm64",
  "linux/arm/v7",
  "linux/arm/v6",
  "linux/386",
  "linux/ppc64le",
  "linux/riscv64",
  "linux/s390x",
  "windows/amd64",
];

/** Options of every command. They may also stand before its name. */
export const GLOBAL_OPTIONS = {
  store: {
    kind: "text",
    value: "DIR",
    hint: "directory",
    summary: "where images are kept (else DRAY_STORE, /var/lib/dray for root, ~/.local/share/dray)",
  },
  "log-format": {
    kind: "choice",
    value: "FORMAT",
    words: ["text", "json"],
    default: "text",
    summary: "how messages and errors are written",
  },
  verbose: { kind: "flag", short: "v", summary: "also say what an error was caused by" },
  debug: { kind: "flag", summary: "also show where in the program an error arose" },
  help: { kind: "flag", short: "h", summary: "show the help of the command" },
} as const satisfies Options;

/** Prints data as JSON. */
export const JSON_FLAG = { kind: "flag", summary: "print JSON" } as const satisfies Flag;

/** Prints the least. */
export function quiet<const S extends string>(summary: S): Flag & { readonly summary: S } {
  return { kind: "flag", short: "q", summary };
}

/** The platform of an index. */
export const PLATFORM_OPTION = {
  kind: "text",
  value: "OS/ARCH[/VARIANT]",
  hint: PLATFORM_WORDS,
  summary: "which platform to choose (default: the machine's)",
} as const satisfies TextOption;

/** How to reach registries. */
export const CONNECTION_OPTIONS = {
  "plain-http": { kind: "flag", summary: "use http for every registry, not for loopback alone" },
  "ca-file": {
    kind: "texts",
    value: "FILE",
    hint: "file",
    summary: "trust the authorities in this PEM file too; may be repeated",
  },
  "certs-dir": {
    kind: "texts",
    value: "DIR",
    hint: "directory",
    summary: "look for HOST[:PORT] folders with certificates and hosts.toml here, before the usual places",
  },
} as const satisfies Options;

/** How to reach registries and who asks. */
export const REGISTRY_OPTIONS = {
  username: {
    kind: "text",
    short: "u",
    value: "NAME",
    summary: "log in as NAME; the password is asked for, or read with --password-stdin",
  },
  "password-stdin": { kind: "flag", summary: "read the password from standard input" },
  ...CONNECTION_OPTIONS,
} as const satisfies Options;
