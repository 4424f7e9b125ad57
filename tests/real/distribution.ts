/**
 * The distribution registry, the real one, on loopback.
 *
 * @module
 */
import { type CertificateAuthority, createAuthority } from "../certificates/mod.ts";
import { type BearerAuth, TokenServer } from "../registry/mod.ts";
import { Server } from "./child.ts";
import { createTokenKey } from "./jwt.ts";
import { tool } from "./tools.ts";

/** The user that Basic auth and the token server know. */
export const USER = "ann";
/** The user's password. */
export const PASSWORD = "correct horse";
/** The line of htpasswd for them; the registry takes bcrypt alone. */
const HTPASSWD = `${USER}:$2a$05$tL1FPbQI/QqAJwjqMXgbQ.zeihla8P5DpQHGhXL1b6IJsZYjZRvuG\n`;
const SERVICE = "test-distribution";
const ISSUER = "test-issuer";

/** How the registry is to be. */
export interface DistributionOptions {
  /** Speak TLS. @default {false} */
  readonly tls?: boolean;
  /** Want credentials: {@linkcode USER} and {@linkcode PASSWORD}. @default {"none"} */
  readonly auth?: "none" | "basic" | "token";
  /** How the token server is to be, with `auth: "token"`. */
  readonly token?: Partial<BearerAuth>;
  /** Where its content is; it may be shared by registries one after the other. @default a folder of its own */
  readonly storage?: string;
}

/** A line of the access log. */
export interface AccessLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

/** A running registry. */
export interface Distribution extends AsyncDisposable {
  /** Host and port: what stands before the slash in a reference. */
  readonly host: string;
  readonly origin: string;
  /** Where its files are. */
  readonly folder: string;
  /** A PEM file with who signed its certificate. Only with TLS. */
  readonly caFile: string;
  readonly authority: CertificateAuthority | undefined;
  readonly tokens: TokenServer | undefined;
  /** All requests that it has answered until now. */
  accessLog(): Promise<readonly AccessLine[]>;
}

/** Starts the registry. */
export async function startDistribution(options: DistributionOptions = {}): Promise<Distribution> {
  const folder = await Deno.makeTempDir({ prefix: "dray-distribution-" });
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
  // JSON is YAML too.
  files["config.yml"] = JSON.stringify(configOf(options, folder, tokens?.realm));
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  const server = new Server(tool("registry"), ["serve", `${folder}/config.yml`], {
    OTEL_TRACES_EXPORTER: "none",
  });
  const [, host = ""] = await server.until(/listening on ([0-9.:]+)/);
  return {
    host,
    origin: `${authority ? "https" : "http"}://${host}`,
    folder,
    caFile: `${folder}/ca.crt`,
    authority,
    tokens,
    accessLog: () => accessLog(server, host, authority),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await tokens?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function configOf(options: DistributionOptions, folder: string, realm: string | undefined): unknown {
  const { tls, auth = "none", storage = `${folder}/storage` } = options;
  const auths = {
    none: undefined,
    basic: { htpasswd: { realm: "test distribution", path: `${folder}/htpasswd` } },
    token: { token: { realm, service: SERVICE, issuer: ISSUER, jwks: `${folder}/jwks` } },
  };
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: {
      addr: "127.0.0.1:0",
      secret: "not a secret",
      ...(tls && { tls: { certificate: `${folder}/cert`, key: `${folder}/key` } }),
    },
    auth: auths[auth],
    validation: { disabled: true },
  };
}

const ACCESS_LINE = /"(GET|HEAD|POST|PUT|PATCH|DELETE) ([^ "]+) HTTP\/[0-9.]+" ([0-9]{3}) ([0-9]+)/;
let marks = 0;

/** Asks for a path of its own and waits for its line: then all earlier lines are there. */
async function accessLog(
  server: Server,
  host: string,
  authority: CertificateAuthority | undefined,
): Promise<readonly AccessLine[]> {
  const mark = `/mark-${++marks}`;
  using client = Deno.createHttpClient({ ...(authority && { caCerts: [authority.cert] }) });
  const answer = await fetch(`${authority ? "https" : "http"}://${host}${mark}`, { client });
  await answer.body?.cancel();
  await server.until(new RegExp(`"GET ${mark} `));
  return server.lines.flatMap((line) => {
    const [, method = "", path = "", status, bytes] = ACCESS_LINE.exec(line) ?? [];
    return status === undefined || path.startsWith("/mark-")
      ? []
      : [{ method, path, status: Number(status), bytes: Number(bytes) }];
  });
}
