/**
 * `dray help configuration`
 *
 * @module
 */
import { credentialLocations, searchOrderOf } from "../../../credentials/locations.ts";
import { DEFAULT_DIRECTORY, directoryNames } from "../../../hosts/certs.ts";
import { readEnvironment } from "../../context/environment.ts";
import { code, heading, paragraph, terms, type TopicDocument } from "./document.ts";

/** The directories with one subdirectory per registry, in search order. */
export const CERTS_DIRS: readonly string[] =
  readEnvironment((name) => name === "HOME" ? "~" : undefined, false).certsDirs;

/** The credential files of a user without special variables, in search order. */
const CREDENTIAL_FILES = searchOrderOf(
  credentialLocations((name) => name === "XDG_RUNTIME_DIR" ? "/run/user/UID" : undefined, "~"),
).map(({ path }) => path);

/** The keys of `hosts.toml`. */
export const HOSTS_TOML_KEYS = {
  server: "The registry itself, used after all mirrors. Without it, the registry keeps its own address.",
  capabilities:
    "What the host may do: pull, resolve, push, referrers. dray uses a host for pull and resolve; all if " +
    "missing.",
  ca: "PEM files with CA certificates: a path or a list of paths.",
  client: "A client certificate and its key: a path to a file with both, or a list with one pair of paths.",
  skip_verify: "Refused for https: the runtime can't skip verification; name the CA with ca.",
  header: "Additional request headers: a table of names with a value or a list of values.",
  override_path: "If true, the URL is used without adding /v2.",
  dial_timeout: "Accepted and ignored: all hosts have the same timeout.",
} as const;

function ownerOf(path: string): string {
  if (path.startsWith("~")) return "the user's own (in $XDG_CONFIG_HOME if set)";
  if (path.includes("/dray/")) return "the system's";
  return path.includes("/containers/") ? "podman's" : `${path.split("/")[2]}'s`;
}

/** The contents of the topic. */
export const CONFIGURATION_TOPIC: TopicDocument = [
  heading("Registries"),
  paragraph(
    "For each registry, dray searches these directories in order, after those of --certs-dir:",
  ),
  terms(CERTS_DIRS.map((path) => [path, ownerOf(path)] as const)),
  paragraph(
    `In each of them, the directory of a registry such as registry.example:5000 is named`,
    `${directoryNames("registry.example:5000").join(" or ")}, otherwise ${DEFAULT_DIRECTORY}. It contains:`,
  ),
  terms([
    ["hosts.toml", "mirrors and settings, in containerd's format"],
    ["*.crt", "additional CA certificates in PEM"],
    ["*.cert, *.key", "one client certificate and its key in PEM; the names must match"],
  ]),
  paragraph(
    "Besides these, dray trusts the system's CA certificates (or those of SSL_CERT_FILE), those of",
    "SSL_CERT_DIR and of --ca-file. Plain HTTP is used only for loopback addresses whose port doesn't use TLS,",
    "for http:// in hosts.toml, and with --plain-http.",
  ),
  heading("hosts.toml"),
  paragraph(
    'Keys apply to the server, or to a mirror in its [host."URL"] table. An unknown key is an error.',
  ),
  terms(Object.entries(HOSTS_TOML_KEYS)),
  code(`
server = "https://registry.example:5000"

[host."https://mirror.example"]
  capabilities = ["pull", "resolve"]
  ca = "mirror.crt"
  [host."https://mirror.example".header]
    x-team = "infra"
`),
  heading("Credentials"),
  paragraph(
    "Credentials come from --username (with --password-stdin, or a prompt), otherwise from the first of",
    "these with an entry for the registry. They are read, and helpers are run, only when a registry asks for",
    "credentials:",
  ),
  terms([
    ["$DOCKER_AUTH_CONFIG", "if set: the text of a config.json"],
    ["$REGISTRY_AUTH_FILE", "if set; podman's files below are not read then"],
    ["$DOCKER_CONFIG/config.json", "if set, instead of ~/.docker/config.json"],
    ...CREDENTIAL_FILES.map((path) =>
      [path, path.includes(".docker") ? "docker's file; dray login writes it" : "podman's file"] as const
    ),
  ]),
  paragraph(
    "In a file, the entry with the most specific path wins, and helpers named by credHelpers and credsStore",
    "are consulted; a helper that doesn't end within 60 s is killed. A server (dray serve) reads only the file of --auth-file; otherwise credentials come",
    "with each request.",
  ),
  paragraph(
    "Credentials are sent only to the registry itself: not to another origin after a redirect, nor to a token",
    "service named by an untrusted host. A mirror gets only those stored under its own name.",
  ),
  heading("Proxies"),
  paragraph(
    "HTTPS_PROXY, HTTP_PROXY and NO_PROXY follow Go's rules; lower case takes precedence. Proxies with",
    "http, https, socks5 and socks5h URLs are supported, with a user name and a password in the URL.",
    "Loopback addresses never use a proxy.",
  ),
];
