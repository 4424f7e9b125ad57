/**
 * Which proxy a request goes through: the rules of Go's `httpproxy`, so that an environment that works for other
 * container tools works here.
 *
 * @module
 */
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

/** Proxies by the scheme of the request's address, as the environment variables name them. */
export interface ProxySettings {
  /** For https addresses: `HTTPS_PROXY`. */
  readonly https?: string;
  /** For http addresses: `HTTP_PROXY`. */
  readonly http?: string;
  /** Hosts, domains, addresses and networks that are asked directly: `NO_PROXY`. */
  readonly no?: string;
}

/** A proxy to use. */
export interface ProxyChoice {
  /** Without user and password. */
  readonly url: URL;
  /** What to tell it. Secret. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
}

/** Decides for each address. */
export type ProxyChooser = (url: URL) => ProxyChoice | undefined;

type Rule = (host: string, ip: IpBytes | undefined, port: string) => boolean;

const SCHEMES = new Set(["http:", "https:", "socks5:", "socks5h:"]);

/**
 * Reads the settings once.
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

function parseProxy(text: string | undefined, scheme: string): ProxyChoice | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const written = text.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`);
  } catch {
    throw new AppError("invalid_argument", `Cannot use the proxy for ${scheme}: its address is not a URL`);
  }
  if (!SCHEMES.has(url.protocol) || url.hostname === "") {
    throw new AppError(
      "invalid_argument",
      `Cannot use the proxy "${redactUrl(url)}": want http, https or socks5 and a host`,
    );
  }
  const basicAuth = { username: decode(url.username), password: decode(url.password) };
  const isNamed = basicAuth.username !== "" || basicAuth.password !== "";
  url.username = "";
  url.password = "";
  return isNamed ? { url, basicAuth } : { url };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** NO_PROXY: names and what is below them, `.name` and `*.name` for what is below alone, addresses, networks, `*`. */
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
  const wanted = parseIp(name);
  const isPort = (got: string) => port === undefined || port === got;
  if (wanted !== undefined) {
    return (_host, ip, got) => ip !== undefined && ip.join() === wanted.join() && isPort(got);
  }
  const below = name.startsWith("*.") ? name.slice(1) : name;
  if (below.startsWith(".")) return (host, _ip, got) => host.endsWith(below) && isPort(got);
  return (host, _ip, got) => (host === below || host.endsWith(`.${below}`)) && isPort(got);
}

function splitPort(entry: string): [name: string, port: string | undefined] {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(entry);
  const name = match?.[1] ?? entry;
  return [name.replace(/^\[(.*)\]$/, "$1"), match?.[2]];
}
