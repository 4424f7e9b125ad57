/**
 * The environment variables. No other file reads them.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { findUid } from "../../base/system/ownership.ts";
import { xdgDirectory } from "../../base/system/xdg.ts";
import type { SystemRootPaths } from "../../http/tls/tls.ts";
import type { ProxySettings } from "../../http/network/proxies.ts";

/** Returns a variable's value. */
export type VariableReader = (name: string) => string | undefined;

/** The settings from the environment. Empty variables count as unset. */
export interface Environment {
  /** Whether the process runs as root, whose default store is the system's. */
  readonly isRoot: boolean;
  /** The default store; undefined if neither the variables nor a home directory determine it. */
  readonly storeRoot: string | undefined;
  readonly home: string | undefined;
  readonly proxies: ProxySettings;
  /** The files of the system's CAs, from `SSL_CERT_FILE` and `SSL_CERT_DIR`. */
  readonly systemRoots: SystemRootPaths;
  /**
   * The variables of proxies and CAs, for programs that we start: {@linkcode takeVariables} removes them from this
   * process.
   */
  readonly connectionVariables: Readonly<Record<string, string>>;
  /**
   * Directories with one subdirectory of certificates and `hosts.toml` per registry, the user's own first.
   */
  readonly certsDirs: readonly string[];
  /** `NO_COLOR` is set (no-color.org). */
  readonly noColour: boolean;
  /** A CI system runs the program, so its terminal is a log. */
  readonly isCi: boolean;
  /** The terminal can't move its cursor. */
  readonly isDumb: boolean;
  /** Reads any other variable: used to find credential files. */
  readonly variable: VariableReader;
}

const SYSTEM_STORE = "/var/lib/dray";
/** The directories of dray, containerd, docker and podman. */
const SYSTEM_CERTS_DIRS = [
  "/etc/dray/certs.d",
  "/etc/containerd/certs.d",
  "/etc/docker/certs.d",
  "/etc/containers/certs.d",
];

/** Reads the environment. */
export function readEnvironment(variable: VariableReader, isRoot: boolean): Environment {
  const read = (...names: readonly string[]) => names.map(variable).find((value) => value);
  const home = read("HOME", "USERPROFILE");
  const dataHome = xdgDirectory(read("XDG_DATA_HOME"), home, ".local/share");
  const configHome = xdgDirectory(read("XDG_CONFIG_HOME"), home, ".config");
  return {
    isRoot,
    storeRoot: read("DRAY_STORE") ?? (isRoot ? SYSTEM_STORE : dataHome && `${dataHome}/dray`),
    home,
    proxies: proxiesFrom(read),
    systemRoots: systemRootsFrom(read),
    connectionVariables: setVariables([...PROXY_VARIABLES, ...CA_VARIABLES], variable),
    certsDirs: [...(configHome ? [`${configHome}/dray/certs.d`] : []), ...SYSTEM_CERTS_DIRS],
    noColour: read("NO_COLOR") !== undefined,
    isCi: !["", "false", "0"].includes(read("CI") ?? ""),
    isDumb: read("TERM") === "dumb",
    variable: (name) => variable(name) || undefined,
  };
}

/** The store's directory, from `--store` or the environment. @throws AppError `invalid_argument` */
export function storeRootOf(option: string | undefined, environment: Environment): string {
  const root = option ?? environment.storeRoot;
  if (root !== undefined) return root;
  throw new AppError(
    "invalid_argument",
    "Cannot find the store: HOME is not set; use --store or set DRAY_STORE",
  );
}

/** Lower case first, as in curl: it is the older spelling and the one that all programs accept. */
function proxiesFrom(read: (...names: readonly string[]) => string | undefined): ProxySettings {
  const https = read("https_proxy", "HTTPS_PROXY");
  const http = read("http_proxy", "HTTP_PROXY");
  const no = read("no_proxy", "NO_PROXY");
  return { ...(https ? { https } : {}), ...(http ? { http } : {}), ...(no ? { no } : {}) };
}

/** As in OpenSSL and Go, a colon separates the directories of SSL_CERT_DIR. */
function systemRootsFrom(read: (...names: readonly string[]) => string | undefined): SystemRootPaths {
  const file = read("SSL_CERT_FILE");
  const directories = (read("SSL_CERT_DIR") ?? "").split(":").filter((path) => path !== "");
  return { ...(file ? { file } : {}), ...(directories.length > 0 ? { directories } : {}) };
}

/**
 * Reads a variable of this process. A variable that the permissions don't cover counts as unset: reading it
 * would throw or prompt.
 */
export function processVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

const PROXY_VARIABLES = [
  "http_proxy",
  "HTTP_PROXY",
  "https_proxy",
  "HTTPS_PROXY",
  "all_proxy",
  "ALL_PROXY",
  "no_proxy",
  "NO_PROXY",
] as const;

const CA_VARIABLES = ["SSL_CERT_FILE", "SSL_CERT_DIR"] as const;
const CREDENTIAL_TEXT_VARIABLE = "DOCKER_AUTH_CONFIG";

function setVariables(names: readonly string[], variable: VariableReader): Readonly<Record<string, string>> {
  const entries = names.map((name) => [name, variable(name)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Every variable that the program reads, by purpose. The permission sets are made from it. */
export const VARIABLES = {
  terminal: ["NO_COLOR", "CI", "TERM"],
  store: ["DRAY_STORE", "HOME", "USERPROFILE", "XDG_DATA_HOME"],
  registry: [...PROXY_VARIABLES, ...CA_VARIABLES, "HOME", "USERPROFILE", "XDG_CONFIG_HOME"],
  credentials: [
    CREDENTIAL_TEXT_VARIABLE,
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "HOME",
    "USERPROFILE",
  ],
  telemetry: ["OTEL_DENO"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Reads all variables once and returns a reader of the values, so that the permission to read them can be
 * dropped.
 *
 * Removes the variables of proxies and CAs from this process: the runtime's own client would use the proxies even
 * where dray requests a direct connection, and with different rules: it uses a proxy for loopback, and doesn't support
 * `*` in NO_PROXY. Removes DOCKER_AUTH_CONFIG, so that programs that we start don't receive all credentials.
 */
export function takeVariables(): VariableReader {
  const names = new Set<string>(Object.values(VARIABLES).flat());
  const taken = setVariables([...names], processVariable);
  for (const name of [...PROXY_VARIABLES, ...CA_VARIABLES, CREDENTIAL_TEXT_VARIABLE]) {
    if (name in taken) Deno.env.delete(name);
  }
  return (name) => {
    if (names.has(name)) return taken[name];
    throw new AppError("internal", `Cannot read variable "${name}": VARIABLES doesn't list it`);
  };
}

/** Whether this process runs as root; false if the permissions don't allow reading the uid. */
export function isRootProcess(): boolean {
  return findUid() === 0;
}
