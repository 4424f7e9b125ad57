/**
 * containerd's `hosts.toml` (containerd docs, hosts.md): which servers stand for a registry. Read strictly: a mirror
 * that is silently left out is found out only when the registry can't be reached.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { isLoopbackHost } from "../http/network/addresses.ts";

/** One server in the file. */
export interface ConfiguredHost {
  /** Where its API begins, with a final slash. */
  readonly base: URL;
  readonly capabilities: ReadonlySet<"pull" | "resolve">;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Paths of PEM files with authorities. */
  readonly ca: readonly string[];
  /** Paths of a client certificate and its key, which may be the same. */
  readonly client?: { readonly cert: string; readonly key: string };
}

/** The file. */
export interface HostsFile {
  /** In their order. Those that are only for pushing are left out. */
  readonly mirrors: readonly ConfiguredHost[];
  /** The registry itself; undefined if the file leaves it where it is. */
  readonly server?: ConfiguredHost;
}

/** What a host table may hold. `dial_timeout` is read and not needed: one timeout holds for all hosts. */
const HOST_KEYS = new Set([
  "capabilities",
  "ca",
  "client",
  "skip_verify",
  "header",
  "override_path",
  "dial_timeout",
]);
const CAPABILITIES = new Set(["pull", "resolve", "push", "referrers"]);

type Table = Readonly<Record<string, unknown>>;

/**
 * Parses the file.
 *
 * @param path names the file in errors; paths in it are relative to its folder
 * @throws AppError `invalid_content`, or `unsupported` for what the runtime can't do
 */
export async function parseHostsFile(text: string, path: string): Promise<HostsFile> {
  // Few machines have such a file; the others don't pay for the parser.
  const { parse } = await import("smol-toml");
  let file: Table;
  try {
    file = parse(text);
  } catch (error) {
    throw wrong(path, `it is not valid TOML: ${messageOf(error).split("\n")[0]}`, error);
  }
  const { server, host = {}, ...rest } = file;
  const hosts = tableOf(host, path, "host");
  const mirrors = Object.keys(hosts).map((name) => {
    const where = `host."${name}"`;
    return readHost(name, tableOf(hosts[name], path, where), path, where);
  });
  const usable = mirrors.filter(({ capabilities }) => capabilities.size > 0);
  if (server === undefined || server === "") {
    // These would speak of a server that isn't named.
    for (const key of Object.keys(rest)) {
      throw wrong(path, HOST_KEYS.has(key) ? `"${key}" needs a "server"` : `it has an unknown key "${key}"`);
    }
    return { mirrors: usable };
  }
  const own = readHost(stringOf(server, path, "server"), rest, path, "");
  return { mirrors: usable, server: own };
}

function readHost(name: string, table: Table, path: string, where: string): ConfiguredHost {
  const at = (key: string) => where === "" ? key : `${where}.${key}`;
  for (const key of Object.keys(table)) {
    if (!HOST_KEYS.has(key)) throw wrong(path, `it has an unknown key "${at(key)}"`);
  }
  const isOverridden = booleanOf(table.override_path, path, at("override_path"));
  const base = baseOf(name, isOverridden, path, where === "" ? "server" : where);
  if (booleanOf(table.skip_verify, path, at("skip_verify")) && base.protocol === "https:") {
    throw new AppError(
      "unsupported",
      `Cannot use "${path}": "${
        at("skip_verify")
      }" can't be done, name the authority of "${base.host}" with "ca"`,
    );
  }
  const client = clientOf(table.client, path, at("client"));
  return {
    base,
    capabilities: capabilitiesOf(table.capabilities, path, at("capabilities")),
    headers: headersOf(table.header, path, at("header")),
    ca: listOf(table.ca, path, at("ca")).map((item) => resolvePath(stringOf(item, path, at("ca")), path)),
    ...(client === undefined ? {} : { client }),
  };
}

function baseOf(name: string, isOverridden: boolean, path: string, where: string): URL {
  let url: URL;
  try {
    const scheme = isLoopbackHost(name.split("/")[0] ?? "") ? "http" : "https";
    url = new URL(name.includes("://") ? name : `${scheme}://${name}`);
  } catch (error) {
    throw wrong(path, `"${where}" is not a URL`, error);
  }
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.hostname === "") {
    throw wrong(path, `"${where}" must be an http or https URL`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw wrong(path, `"${where}" must have no user, query or fragment`);
  }
  const root = url.pathname.replace(/\/+$/, "");
  url.pathname = isOverridden || root.endsWith("/v2") ? `${root}/` : `${root}/v2/`;
  return url;
}

function capabilitiesOf(value: unknown, path: string, where: string): ReadonlySet<"pull" | "resolve"> {
  const names = listOf(value, path, where).map((item) => stringOf(item, path, where));
  for (const name of names) {
    if (!CAPABILITIES.has(name)) throw wrong(path, `"${where}" has an unknown capability "${name}"`);
  }
  // None named means all, as in containerd.
  const both = ["pull", "resolve"] as const;
  return new Set(names.length === 0 ? both : both.filter((name) => names.includes(name)));
}

function headersOf(value: unknown, path: string, where: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, item] of Object.entries(tableOf(value ?? {}, path, where))) {
    const text = listOf(item, path, `${where}.${name}`).map((one) => stringOf(one, path, `${where}.${name}`));
    try {
      new Headers({ [name]: text.join(", ") });
    } catch (error) {
      throw wrong(path, `"${where}.${name}" can't be a header`, error);
    }
    headers[name.toLowerCase()] = text.join(", ");
  }
  return headers;
}

/** A path, a list of paths, or a list of pairs; more than one certificate can't be offered. */
function clientOf(value: unknown, path: string, where: string): ConfiguredHost["client"] {
  const items = listOf(value, path, where);
  const pairs = items.map((item) => {
    const [cert = "", key = "", ...more] = listOf(item, path, where).map((one) => stringOf(one, path, where));
    if (cert === "" || more.length > 0) throw wrong(path, `"${where}" must name a certificate and a key`);
    return { cert: resolvePath(cert, path), key: resolvePath(key === "" ? cert : key, path) };
  });
  if (pairs.length > 1) {
    throw new AppError("unsupported", `Cannot use "${path}": "${where}" names ${pairs.length}, want one`);
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
  throw wrong(path, `"${where}" must be a text or a list of texts`);
}

function stringOf(value: unknown, path: string, where: string): string {
  if (typeof value === "string") return value;
  throw wrong(path, `"${where}" must be a text`);
}

function booleanOf(value: unknown, path: string, where: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw wrong(path, `"${where}" must be true or false`);
}

function tableOf(value: unknown, path: string, where: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
    return value as Table;
  }
  throw wrong(path, `"${where}" must be a table`);
}

function wrong(path: string, why: string, cause?: unknown): AppError {
  return new AppError("invalid_content", `Cannot use "${path}": ${why}`, { cause });
}
