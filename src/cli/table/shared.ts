/**
 * Options that several commands have.
 *
 * @module
 */
import type { Flag, Options, TextOption } from "./types.ts";

/** Platforms that shells complete; any other platform is accepted too. */
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

/** Options of every command. They may also precede its name. */
export const GLOBAL_OPTIONS = {
  store: {
    kind: "text",
    value: "DIR",
    hint: "directory",
    summary: "the store (default: DRAY_STORE, /var/lib/dray for root, ~/.local/share/dray)",
  },
  "log-format": {
    kind: "choice",
    value: "FORMAT",
    words: ["text", "json"],
    default: "text",
    summary: "format of messages and errors",
  },
  verbose: { kind: "flag", short: "v", summary: "also print the causes of errors" },
  debug: { kind: "flag", summary: "also print stack traces" },
  help: { kind: "flag", short: "h", summary: "show the help of the command" },
} as const satisfies Options;

/** Prints data as JSON. */
export const JSON_FLAG = {
  kind: "flag",
  summary: 'print JSON (see "dray help json")',
} as const satisfies Flag;

/** The flag that reduces output to the minimum. */
export function quiet<const S extends string>(summary: S): Flag & { readonly summary: S } {
  return { kind: "flag", short: "q", summary };
}

/** The platform to choose from an index. */
export const PLATFORM_OPTION = {
  kind: "text",
  value: "OS/ARCH[/VARIANT]",
  hint: PLATFORM_WORDS,
  summary: "the platform to choose (default: this machine's)",
} as const satisfies TextOption;

/** What a garbage collection deletes. */
export const COLLECTION_OPTIONS = {
  "partial-age": {
    kind: "number",
    value: "HOURS",
    min: 0,
    max: 8760,
    default: 24,
    summary: "keep partial downloads that changed within this time",
  },
  "unused-for": {
    kind: "text",
    value: "AGE",
    summary: "also remove images not pulled or imported for AGE (12h, 30d, 4w), except pinned ones",
  },
  keep: {
    kind: "number",
    value: "N",
    min: 0,
    max: 100_000,
    summary:
      "keep the N images of each repository that were pulled last; without --unused-for, remove the others",
  },
} as const satisfies Options;

/** How registries are reached. */
export const CONNECTION_OPTIONS = {
  "plain-http": { kind: "flag", summary: "use plain HTTP for every registry, not just loopback" },
  "ca-file": {
    kind: "texts",
    value: "FILE",
    hint: "file",
    summary: "also trust the CA certificates in this PEM file; may be repeated",
  },
  "certs-dir": {
    kind: "texts",
    value: "DIR",
    hint: "directory",
    summary:
      "search DIR/HOST[:PORT] for certificates and hosts.toml before the standard directories; may be " +
      "repeated",
  },
} as const satisfies Options;

/** How registries are reached, and with which credentials. */
export const REGISTRY_OPTIONS = {
  username: {
    kind: "text",
    short: "u",
    value: "NAME",
    summary: "log in as NAME, with the password from a prompt or from --password-stdin",
  },
  "password-stdin": { kind: "flag", summary: "read the password from standard input" },
  ...CONNECTION_OPTIONS,
} as const satisfies Options;
