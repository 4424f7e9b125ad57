/**
 * Maps the runtime's network errors to reasons and messages, in one table.
 *
 * @module
 */
import { AppError, codeOf } from "../../base/errors.ts";
import { kindOfHost } from "./addresses.ts";

/** Why a request failed; the field `reason` of the error's details. */
export type NetworkReason =
  | "dns"
  | "refused"
  | "unreachable"
  | "timeout"
  | "tls_authority"
  | "tls_ca"
  | "tls_name"
  | "tls_expired"
  | "tls_client"
  | "tls"
  | "not_tls"
  | "not_http"
  | "reset"
  | "proxy"
  | "redirect"
  | "other";

interface Known {
  readonly pattern: RegExp;
  readonly reason: NetworkReason;
  readonly text: string;
  /** Whether a retry of the same request can succeed. */
  readonly isRetryable: boolean;
}

/** The first match wins. The patterns match messages of rustls, hyper and the system in the supported Deno versions. */
const KNOWN: readonly Known[] = [
  known(
    /CaUsedAsEndEntity/,
    "tls_ca",
    "its certificate is a CA certificate (basicConstraints CA:TRUE), which is not accepted as a server certificate; " +
      'replace it with one that has CA:FALSE: add "-addext basicConstraints=critical,CA:FALSE" to "openssl req -x509", ' +
      "or sign a server certificate with this CA",
    false,
  ),
  known(
    /UnknownIssuer/,
    "tls_authority",
    "its certificate is signed by an unknown authority",
    false,
  ),
  known(/not valid for name|NotValidForName/, "tls_name", "its certificate is for another name", false),
  known(/certificate expired|peer certificate: Expired/, "tls_expired", "its certificate has expired", false),
  known(/NotValidYet|not valid yet/, "tls_expired", "its certificate is not valid yet", false),
  known(
    /CertificateRequired|certificate ?required|UnknownCA|BadCertificate|CertificateUnknown/i,
    "tls_client",
    "it requires a client certificate or rejected the one given",
    false,
  ),
  known(/Requests to port [0-9]+ are blocked/, "other", "the runtime blocks requests to that port", false),
  known(/InvalidContentType/, "not_tls", "it does not use TLS on this port", false),
  known(/TLS alert in response to HTTP/, "not_tls", "it does not use plain HTTP on this port", false),
  // A proxy or a server that is starting may send anything; another server may process the next request.
  known(/invalid HTTP version parsed/, "not_http", "it sent an invalid HTTP response", true),
  known(/invalid HTTP (?:header|status)/, "other", "it sent an invalid HTTP response", true),
  known(/invalid peer certificate/, "tls", "its certificate is not valid", false),
  known(/handshake eof/, "reset", "connection closed during the TLS handshake", true),
  known(
    /AlertReceived|received fatal alert|peer (?:is )?incompatible/i,
    "tls",
    "the TLS handshake failed",
    false,
  ),
  known(/dns error|failed to lookup|No such host|nodename/i, "dns", "DNS lookup failed: no address", true),
  known(
    /proxy authorization|proxy auth|proxy.*407/i,
    "proxy",
    "the proxy requires credentials or rejected the ones given",
    false,
  ),
  known(/tunnel|socks|proxy/i, "proxy", "the proxy could not connect to it", true),
  known(/Connection refused/i, "refused", "connection refused", true),
  known(/unreachable|no route/i, "unreachable", "no route to host", true),
  known(/timed out/i, "timeout", "connection timed out", true),
  known(
    /connection closed before|reset by peer|broken pipe|connection error|end of file|error reading a body|IncompleteMessage/i,
    "reset",
    "connection closed early",
    true,
  ),
];

function known(pattern: RegExp, reason: NetworkReason, text: string, isRetryable: boolean): Known {
  return { pattern, reason, text, isRetryable };
}

/** Joins the messages of an error and its causes: Deno versions differ in where they put the reason. */
function messagesOf(error: unknown): string {
  const texts: string[] = [];
  for (let e = error; e instanceof Error && texts.length < 5; e = e.cause) texts.push(e.message);
  // A URL may contain a word of the patterns, as in "https://proxy.example".
  return texts.join(": ").replace(/https?:\/\/\S+/g, "URL");
}

/**
 * Converts the failure of a request to an `AppError`: `network` with `host`, `reason` and `isRetryable` in its details,
 * or `permission_denied` if the process lacks the permission. An `AppError` is returned unchanged.
 *
 * @param via the proxy of the request, such as `proxy.corp:3128`
 */
export function networkErrorFrom(error: unknown, url: URL, via?: string): AppError {
  if (error instanceof AppError) return error;
  const host = url.host;
  if (error instanceof Deno.errors.NotCapable) {
    return new AppError(
      "permission_denied",
      `Cannot reach "${host}": missing permission: add --allow-net=${host}`,
      {
        cause: error,
        details: { host },
      },
    );
  }
  const messages = messagesOf(error);
  const match = KNOWN.find(({ pattern }) => pattern.test(messages));
  const text = `${match?.text ?? "the request failed"}${adviceFor(match?.reason, url)}`;
  const route = via === undefined ? "" : ` through proxy "${via}"`;
  return new AppError("network", `Cannot reach "${host}"${route}: ${text}`, {
    cause: error,
    details: {
      host,
      reason: match?.reason ?? "other",
      isRetryable: match?.isRetryable ?? codeOf(error) === undefined,
    },
  });
}

/** Advice for a private registry: its CA is probably not configured. */
function adviceFor(reason: NetworkReason | undefined, url: URL): string {
  const kind = kindOfHost(url.hostname);
  if (reason === "tls_authority" && kind !== "public") {
    return "; if it uses a private CA, pass its certificate with --ca-file";
  }
  const isNotPlain = reason === "not_tls" || reason === "not_http";
  return isNotPlain && kind === "loopback" && url.protocol === "http:" ? NEEDS_TLS : "";
}

/** Advice for a loopback host: dray uses plain HTTP for it by default. */
export const NEEDS_TLS = "; if it uses TLS, pass its CA with --ca-file";

/** The error for a host that sent no response head within `ms` milliseconds. */
export function headTimeoutError(url: URL, ms: number): AppError {
  const host = url.host;
  return new AppError("network", `Cannot reach "${host}": no response within ${ms / 1000} s`, {
    details: { host, reason: "timeout", isRetryable: true },
  });
}

/** Returns the reason of a `network` error; undefined for any other error. */
export function networkReasonOf(error: unknown): NetworkReason | undefined {
  if (!(error instanceof AppError) || error.code !== "network") return undefined;
  return error.details.reason as NetworkReason | undefined;
}
