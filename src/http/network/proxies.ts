/**
 * Chooses the proxy of a request by the rules of Go's `httpproxy` package, which other container tools follow too.
 *
 * @module
 */
import { encodeUserPassword } from "../../base/base64.ts";
import { AppError } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import {
  bareHost,
  type IpBytes,
  isInNetwork,
  kindOfIp,
  type Network,
  parseIp,
  parseNetwork,
} from "./addresses.ts";

/** Proxies, as in the environment variables of the same names. */
export interface ProxySettings {
  /** The proxy for https URLs: `HTTPS_PROXY`. */
  readonly https?: string;
  /** The proxy for http URLs: `HTTP_PROXY`. */
  readonly http?: string;
  /** Hosts, domains, addresses and networks to connect to without a proxy, separated by commas: `NO_PROXY`. */
  readonly no?: string;
}

/** The proxy for a request. */
export interface ProxyChoice {
  /** Without user information. */
  readonly url: URL;
  /** Its credentials. Secret. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
}

/** Returns the proxy for a URL; undefined for a direct connection. */
export type ProxyChooser = (url: URL) => ProxyChoice | undefined;

type Rule = (host: string, ip: IpBytes | undefined, port: string) => boolean;

const SCHEMES = new Set(["http:", "https:", "socks5:", "socks5h:"]);

/**
 * Parses the settings.
 *
 * @throws AppError `invalid_argument` for a proxy that is not a URL
 */
export function proxyChooser(settings: ProxySettings): ProxyChooser {
  const https = parseProxy(settings.https, "https");
  const http = parseProxy(settings.http, "http");
  if (https === undefined && http === undefined) return () => undefined;
  const rules = parseExceptions(settings.no ?? "");
  return (url) => {
    const proxy = url.protocol === "https:" ? https : http;
    if (proxy === undefined) return undefined;
    const host = bareHost(url.hostname);
    const ip = parseIp(host);
    if (host === "localhost" || (ip !== undefined && kindOfIp(ip) === "loopback")) return undefined;
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    return rules.some((matches) => matches(host, ip, port)) ? undefined : proxy;
  };
}

/** The passwords of the proxies: alone, and as sent in a header. An HTTP proxy may quote them in its responses. */
export function proxySecrets({ https, http }: ProxySettings): readonly string[] {
  const choices = [parseProxy(https, "https"), parseProxy(http, "http")];
  return choices.flatMap((choice) => {
    if (choice?.basicAuth === undefined) return [];
    const { username, password } = choice.basicAuth;
    return [password, encodeUserPassword(username, password)];
  });
}

function parseProxy(text: string | undefined, scheme: string): ProxyChoice | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const trimmed = text.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  } catch {
    // The value may contain a password.
    throw new AppError("invalid_argument", `Cannot use the proxy for ${scheme}: it is not a URL`);
  }
  if (!SCHEMES.has(url.protocol) || url.hostname === "") {
    throw new AppError(
      "invalid_argument",
      `Cannot use the proxy "${
        redactUrl(url)
      }": its scheme must be http, https or socks5, and it needs a host`,
    );
  }
  const basicAuth = { username: decode(url.username), password: decode(url.password) };
  const hasCredentials = basicAuth.username !== "" || basicAuth.password !== "";
  url.username = "";
  url.password = "";
  return hasCredentials ? { url, basicAuth } : { url };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Parses NO_PROXY: `name` matches the name and its subdomains, `.name` and `*.name` only the subdomains, `*` everything;
 * an address or a network matches IP addresses.
 */
function parseExceptions(text: string): readonly Rule[] {
  const rules: Rule[] = [];
  for (const item of text.split(",")) {
    const entry = item.trim().toLowerCase();
    if (entry === "*") return [() => true];
    if (entry === "") continue;
    const network = parseNetwork(entry);
    if (network !== undefined) rules.push(networkRule(network));
    else pushIfDefined(rules, hostRule(entry));
  }
  return rules;
}

function pushIfDefined(rules: Rule[], rule: Rule | undefined): void {
  if (rule !== undefined) rules.push(rule);
}

function networkRule(network: Network): Rule {
  return (_host, ip) => ip !== undefined && isInNetwork(ip, network);
}

function hostRule(entry: string): Rule | undefined {
  const [name, port] = splitPort(entry);
  if (name === "") return undefined;
  const address = parseIp(name)?.join();
  const isSamePort = (other: string) => port === undefined || port === other;
  if (address !== undefined) return (_host, ip, other) => ip?.join() === address && isSamePort(other);
  const domain = name.startsWith("*.") ? name.slice(1) : name;
  if (domain.startsWith(".")) return (host, _ip, other) => host.endsWith(domain) && isSamePort(other);
  return (host, _ip, other) => (host === domain || host.endsWith(`.${domain}`)) && isSamePort(other);
}

function splitPort(entry: string): [name: string, port: string | undefined] {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(entry);
  const name = match?.[1] ?? entry;
  return [name.replace(/^\[(.*)\]$/, "$1"), match?.[2]];
}
