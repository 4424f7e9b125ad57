/**
 * Parses containerd's `hosts.toml` (containerd docs, hosts.md): the mirrors of a registry. Unknown keys and values are
 * errors, because a mirror that is silently ignored is noticed only when the registry is down.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { isLoopbackHost } from "../http/network/addresses.ts";

/** One host of the file. */
export interface ConfiguredHost {
  /** The base URL of its API, with a final slash. */
  readonly base: URL;
  /** Whether the file names a scheme. Without one, a loopback host may use TLS or not. */
  readonly hasScheme: boolean;
  readonly capabilities: ReadonlySet<"pull" | "resolve">;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Paths of PEM files with CA certificates. */
  readonly ca: readonly string[];
  /** Paths of a client certificate and its key, which may be the same. */
  readonly client?: { readonly cert: string; readonly key: string };
}

/** A parsed file. */
export interface HostsFile {
  /** In the order of the file, without hosts that are only for pushing. */
  readonly mirrors: readonly ConfiguredHost[];
  /** The registry itself; undefined if the file doesn't configure it. */
  readonly server?: ConfiguredHost;
}

/** The keys of a host. `dial_timeout` is accepted and ignored: all hosts have the same timeout. */
export const HOST_KEYS = new Set([
  "capabilities",
  "ca",
  "client",
  "skip_verify",
  "header",
  "override_path",
  "dial_timeout",
]);
/** Control characters that a header can't contain (RFC 9110, section 5.5). */
const HEADER_CONTROL = /(?![\t\u0080-\u009f])\p{Cc}/u;
const CAPABILITIES = new Set(["pull", "resolve", "push", "referrers"]);

type Table = Readonly<Record<string, unknown>>;

/**
 * Parses a file.
 *
 * @param path the path of the file, for errors; relative paths in the file are resolved against its directory
 * @throws AppError `invalid_content`, or `unsupported` for settings that the runtime doesn't support
 */
export async function parseHostsFile(text: string, path: string): Promise<HostsFile> {
  // Imported only when needed: most machines have no such file. smol-toml instead of @std/toml 1.4.0, which fails 24 of
  // the cases in hosts_toml_syntax_test.ts: among others, it accepts duplicate keys and rejects a byte order mark.
  const { parse } = await import("smol-toml");
  let file: Table;
  try {
    file = parse(text);
  } catch (error) {
    // The message quotes the lines around the mistake, which may contain an Authorization header.
    const { line, column } = error as { readonly line?: unknown; readonly column?: unknown };
    const at = typeof line === "number" && typeof column === "number"
      ? ` at line ${line}, column ${column}`
      : "";
    throw invalid(path, `not valid TOML${at}`);
  }
  const { server, host = {}, ...rest } = file;
  const hosts = tableOf(host, path, "host");
  const mirrors = Object.keys(hosts).map((name) => {
    const where = `host."${nameInErrors(name)}"`;
    return readHost(name, tableOf(hosts[name], path, where), path, where);
  });
  const usable = mirrors.filter(({ capabilities }) => capabilities.size > 0);
  if (server === undefined || server === "") {
    // Top-level keys configure the server.
    for (const key of Object.keys(rest)) {
      throw invalid(path, HOST_KEYS.has(key) ? `"${key}" requires "server"` : `unknown key "${key}"`);
    }
    return { mirrors: usable };
  }
  const own = readHost(stringOf(server, path, "server"), rest, path, "");
  return { mirrors: usable, server: own };
}

function readHost(name: string, table: Table, path: string, where: string): ConfiguredHost {
  const at = (key: string) => where === "" ? key : `${where}.${key}`;
  for (const key of Object.keys(table)) {
    if (!HOST_KEYS.has(key)) throw invalid(path, `unknown key "${at(key)}"`);
  }
  const isOverridden = booleanOf(table.override_path, path, at("override_path"));
  const base = baseOf(name, isOverridden, path, where === "" ? "server" : where);
  if (booleanOf(table.skip_verify, path, at("skip_verify")) && base.protocol === "https:") {
    throw new AppError(
      "unsupported",
      `Cannot use "${path}": "${
        at("skip_verify")
      }" is not supported; configure the CA of "${base.host}" with "ca"`,
      { details: { configFile: path } },
    );
  }
  const client = clientOf(table.client, path, at("client"));
  return {
    base,
    hasScheme: name.includes("://"),
    capabilities: capabilitiesOf(table.capabilities, path, at("capabilities")),
    headers: headersOf(table.header, path, at("header")),
    ca: listOf(table.ca, path, at("ca")).map((item) => resolvePath(stringOf(item, path, at("ca")), path)),
    ...(client === undefined ? {} : { client }),
  };
}

/** The name of a host without the secrets that a URL may contain: user, password and query. */
function nameInErrors(name: string): string {
  return name.replace(/^([a-z]+:\/\/)?[^/]*@/i, "$1").replace(/[?#].*$/s, "");
}

function baseOf(name: string, isOverridden: boolean, path: string, where: string): URL {
  let url: URL;
  try {
    const scheme = isLoopbackHost(name.split("/")[0] ?? "") ? "http" : "https";
    url = new URL(name.includes("://") ? name : `${scheme}://${name}`);
  } catch {
    throw invalid(path, `"${where}" is not a URL`);
  }
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.hostname === "") {
    throw invalid(path, `"${where}" must be an http or https URL`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalid(path, `"${where}" must not have a user, query or fragment`);
  }
  const root = url.pathname.replace(/\/+$/, "");
  url.pathname = isOverridden || root.endsWith("/v2") ? `${root}/` : `${root}/v2/`;
  return url;
}

function capabilitiesOf(value: unknown, path: string, where: string): ReadonlySet<"pull" | "resolve"> {
  const names = listOf(value, path, where).map((item) => stringOf(item, path, where));
  for (const name of names) {
    if (!CAPABILITIES.has(name)) throw invalid(path, `"${where}" has an unknown capability "${name}"`);
  }
  // An empty list means all capabilities, as in containerd.
  const both = ["pull", "resolve"] as const;
  return new Set(names.length === 0 ? both : both.filter((name) => names.includes(name)));
}

function headersOf(value: unknown, path: string, where: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, item] of Object.entries(tableOf(value ?? {}, path, where))) {
    const text = listOf(item, path, `${where}.${name}`).map((one) => stringOf(one, path, `${where}.${name}`));
    if (!isHeader(name, text.join(", "))) throw invalid(path, `"${where}.${name}" is not a valid header`);
    headers[name.toLowerCase()] = text.join(", ");
  }
  return headers;
}

function isHeader(name: string, value: string): boolean {
  try {
    // `Headers` removes white space at both ends and accepts control characters with which each request fails.
    return !HEADER_CONTROL.test(new Headers({ [name]: value }).get(name) ?? "");
  } catch {
    // The error quotes the value, which is often a secret.
    return false;
  }
}

/** A path, a list of paths, or a list of pairs. The runtime can send only one client certificate. */
function clientOf(value: unknown, path: string, where: string): ConfiguredHost["client"] {
  const items = listOf(value, path, where);
  const pairs = items.map((item) => {
    const [cert = "", key = "", ...more] = listOf(item, path, where).map((one) => stringOf(one, path, where));
    if (cert === "" || more.length > 0) throw invalid(path, `"${where}" must name a certificate and a key`);
    return { cert: resolvePath(cert, path), key: resolvePath(key === "" ? cert : key, path) };
  });
  if (pairs.length > 1) {
    throw new AppError(
      "unsupported",
      `Cannot use "${path}": "${where}" has ${pairs.length} entries; keep one`,
      { details: { configFile: path } },
    );
  }
  return pairs[0];
}

function resolvePath(file: string, path: string): string {
  return file.startsWith("/") ? file : `${path.slice(0, path.lastIndexOf("/") + 1)}${file}`;
}

function listOf(value: unknown, path: string, where: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [value];
  throw invalid(path, `"${where}" must be a string or a list of strings`);
}

function stringOf(value: unknown, path: string, where: string): string {
  if (typeof value === "string") return value;
  throw invalid(path, `"${where}" must be a string`);
}

function booleanOf(value: unknown, path: string, where: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw invalid(path, `"${where}" must be true or false`);
}

function tableOf(value: unknown, path: string, where: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
    return value as Table;
  }
  throw invalid(path, `"${where}" must be a table`);
}

function invalid(path: string, why: string): AppError {
  return new AppError("invalid_content", `Cannot use "${path}": ${why}`, { details: { configFile: path } });
}
