/**
 * The environment: the only place that reads its variables.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { xdgDirectory } from "../base/xdg.ts";
import type { ProxySettings } from "../http/network/proxies.ts";

/** Gives a variable's value. */
export type VariableReader = (name: string) => string | undefined;

/** What the environment says. Empty variables count as unset. */
export interface Environment {
  /** Root has the system's store. */
  readonly isRoot: boolean;
  /** Where images are kept unless `--store` says so; undefined if neither the variables nor a home say it. */
  readonly storeRoot: string | undefined;
  readonly home: string | undefined;
  readonly proxies: ProxySettings;
  /** The variables that `proxies` came from, for programs that we start: {@linkcode takeVariables} hid them. */
  readonly proxyVariables: Readonly<Record<string, string>>;
  /** Folders with one folder of certificates and `hosts.toml` for a registry, the user's own first. */
  readonly certsDirs: readonly string[];
  /** `NO_COLOR` is set (no-color.org). */
  readonly noColour: boolean;
  /** A CI system runs us: nobody looks at a terminal. */
  readonly isCi: boolean;
  /** The terminal can't move its cursor. */
  readonly isDumb: boolean;
  /** Any further variable: for those that look for files of credentials. */
  readonly variable: VariableReader;
}

const SYSTEM_STORE = "/var/lib/dray";
/** Where dray, containerd, docker and podman look. */
const SYSTEM_CERTS_DIRS = [
  "/etc/dray/certs.d",
  "/etc/containerd/certs.d",
  "/etc/docker/certs.d",
  "/etc/containers/certs.d",
];

/** Reads the environment. `isRoot` chooses the system's store. */
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
    proxyVariables: setVariables(PROXY_VARIABLES, variable),
    certsDirs: [...(configHome ? [`${configHome}/dray/certs.d`] : []), ...SYSTEM_CERTS_DIRS],
    noColour: read("NO_COLOR") !== undefined,
    isCi: !["", "false", "0"].includes(read("CI") ?? ""),
    isDumb: read("TERM") === "dumb",
    variable: (name) => variable(name) || undefined,
  };
}

/** The store's folder, from `--store` or the environment. @throws AppError `invalid_argument` */
export function storeRootOf(option: string | undefined, environment: Environment): string {
  const root = option ?? environment.storeRoot;
  if (root !== undefined) return root;
  throw new AppError(
    "invalid_argument",
    "Cannot find the store: neither --store nor DRAY_STORE, XDG_DATA_HOME or HOME says where it is",
  );
}

/** Lower case first, as curl has it: that is the older spelling, and the one that programs agree on. */
function proxiesFrom(read: (...names: readonly string[]) => string | undefined): ProxySettings {
  const https = read("https_proxy", "HTTPS_PROXY");
  const http = read("http_proxy", "HTTP_PROXY");
  const no = read("no_proxy", "NO_PROXY");
  return { ...(https ? { https } : {}), ...(http ? { http } : {}), ...(no ? { no } : {}) };
}

/** Reads a variable of this process. One that the permissions don't cover is unset: no program is to stop for it, nor ask. */
export function processVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

const PROXY_VARIABLES: readonly string[] = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
  .flatMap((name) => [name, name.toUpperCase()]);

function setVariables(names: readonly string[], variable: VariableReader): Readonly<Record<string, string>> {
  const entries = names.map((name) => [name, variable(name)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Every variable that the program reads, by what it is for. The permission sets are made from it. */
export const VARIABLES = {
  terminal: ["NO_COLOR", "CI", "TERM"],
  store: ["DRAY_STORE", "HOME", "USERPROFILE", "XDG_DATA_HOME"],
  registry: [...PROXY_VARIABLES, "HOME", "USERPROFILE", "XDG_CONFIG_HOME"],
  credentials: [
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
 * Reads all variables once, and gives a reader of what it found: the permission for them can be given up then.
 *
 * Takes those of proxies out of this process. The runtime's own client follows them wherever we ask it to go directly,
 * by rules of its own: it goes through a proxy to loopback, and knows no `*` in NO_PROXY.
 */
export function takeVariables(): VariableReader {
  const names = new Set<string>(Object.values(VARIABLES).flat());
  const taken = setVariables([...names], processVariable);
  for (const name of PROXY_VARIABLES) if (name in taken) Deno.env.delete(name);
  return (name) => {
    if (names.has(name)) return taken[name];
    throw new AppError("internal", `Cannot read variable "${name}": VARIABLES doesn't list it`);
  };
}

/** Whether this process runs as root; false if the runtime may not ask. */
export function isRootProcess(): boolean {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "uid" });
  return state === "granted" && Deno.uid() === 0;
}
