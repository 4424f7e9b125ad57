/**
 * The real distribution registry, on loopback.
 *
 * @module
 */
import { type CertificateAuthority, createAuthority } from "../certificates/mod.ts";
import { type BearerAuth, TokenServer } from "../registry/mod.ts";
import { Server } from "./child.ts";
import { createTokenKey } from "./jwt.ts";
import { tool } from "./tools.ts";

/** The user of Basic auth and the token server. */
export const USER = "ann";
/** The user's password. */
export const PASSWORD = "correct horse";
/** Their htpasswd line. The registry accepts only bcrypt. */
const HTPASSWD = `${USER}:$2a$05$tL1FPbQI/QqAJwjqMXgbQ.zeihla8P5DpQHGhXL1b6IJsZYjZRvuG\n`;
const SERVICE = "test-distribution";
const ISSUER = "test-issuer";

/** Options of the registry. */
export interface DistributionOptions {
  /** Whether to use TLS. @default {false} */
  readonly tls?: boolean;
  /** How to require {@linkcode USER} and {@linkcode PASSWORD}. @default {"none"} */
  readonly auth?: "none" | "basic" | "token";
  /** Options of the token server, with `auth: "token"`. */
  readonly token?: Partial<BearerAuth>;
  /** The directory of its content, which later registries may reuse. @default a temporary directory */
  readonly storage?: string;
}

/** A line of the access log. */
export interface AccessLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Size of the body in bytes. */
  readonly bytes: number;
}

/** A running registry. */
export interface Distribution extends AsyncDisposable {
  /** Host and port: the part before the first slash of a reference. */
  readonly host: string;
  readonly origin: string;
  /** The directory of its files. */
  readonly directory: string;
  /** A PEM file with the CA of its certificate. Only with TLS. */
  readonly caFile: string;
  readonly authority: CertificateAuthority | undefined;
  readonly tokens: TokenServer | undefined;
  /** Returns all requests that it has served. */
  accessLog(): Promise<readonly AccessLine[]>;
}

/** Starts the registry. */
export async function startDistribution(options: DistributionOptions = {}): Promise<Distribution> {
  const directory = await Deno.makeTempDir({ prefix: "dray-distribution-" });
  const authority = options.tls ? await createAuthority() : undefined;
  const key = await createTokenKey();
  const tokens = options.auth === "token"
    ? new TokenServer(
      { kind: "bearer", users: { [USER]: PASSWORD }, anonymous: false, ...options.token, service: SERVICE },
      { mint: key.mint(ISSUER, SERVICE) },
    )
    : undefined;
  const files: Record<string, string> = { htpasswd: HTPASSWD, jwks: key.jwks };
  if (authority) {
    const { cert, key } = await authority.issue(["127.0.0.1", "localhost"]);
    Object.assign(files, { cert, key, "ca.crt": authority.cert });
  }
  // JSON is valid YAML.
  files["config.yml"] = JSON.stringify(configOf(options, directory, tokens?.realm));
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${directory}/${name}`, text);
  const server = new Server(tool("registry"), ["serve", `${directory}/config.yml`], {
    OTEL_TRACES_EXPORTER: "none",
  });
  const [, host = ""] = await server.until(/listening on ([0-9.:]+)/);
  return {
    host,
    origin: `${authority ? "https" : "http"}://${host}`,
    directory,
    caFile: `${directory}/ca.crt`,
    authority,
    tokens,
    accessLog: () => accessLog(server, host, authority),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await tokens?.[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function configOf(options: DistributionOptions, directory: string, realm: string | undefined): unknown {
  const { tls, auth = "none", storage = `${directory}/storage` } = options;
  const auths = {
    none: undefined,
    basic: { htpasswd: { realm: "test distribution", path: `${directory}/htpasswd` } },
    token: { token: { realm, service: SERVICE, issuer: ISSUER, jwks: `${directory}/jwks` } },
  };
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: {
      addr: "127.0.0.1:0",
      secret: "not a secret",
      ...(tls && { tls: { certificate: `${directory}/cert`, key: `${directory}/key` } }),
    },
    auth: auths[auth],
    validation: { disabled: true },
  };
}

const ACCESS_LINE = /"(GET|HEAD|POST|PUT|PATCH|DELETE) ([^ "]+) HTTP\/[0-9.]+" ([0-9]{3}) ([0-9]+)/;
let marks = 0;

/** Requests a unique path and waits for its line, so that all earlier lines have been read. */
async function accessLog(
  server: Server,
  host: string,
  authority: CertificateAuthority | undefined,
): Promise<readonly AccessLine[]> {
  const mark = `/mark-${++marks}`;
  using client = Deno.createHttpClient({ ...(authority && { caCerts: [authority.cert] }) });
  const response = await fetch(`${authority ? "https" : "http"}://${host}${mark}`, { client });
  await response.body?.cancel();
  await server.until(new RegExp(`"GET ${mark} `));
  return server.lines.flatMap((line) => {
    const [, method = "", path = "", status, bytes] = ACCESS_LINE.exec(line) ?? [];
    return status === undefined || path.startsWith("/mark-")
      ? []
      : [{ method, path, status: Number(status), bytes: Number(bytes) }];
  });
}
