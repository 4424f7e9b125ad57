/**
 * What goes wrong on the way to a host, in words: the runtime's messages mapped in one table.
 *
 * @module
 */
import { AppError, codeOf } from "../../base/errors.ts";
import { kindOfHost } from "./addresses.ts";

/** Why a host could not be reached; the field `reason` of the error's details. */
export type NetworkReason =
  | "dns"
  | "refused"
  | "unreachable"
  | "timeout"
  | "tls_authority"
  | "tls_name"
  | "tls_expired"
  | "tls_client"
  | "tls"
  | "not_tls"
  | "reset"
  | "proxy"
  | "redirect"
  | "other";

interface Known {
  readonly pattern: RegExp;
  readonly reason: NetworkReason;
  readonly text: string;
  /** Whether the same request may succeed if it is sent again. */
  readonly isRetryable: boolean;
}

/** First match wins. The patterns are pieces of what rustls, hyper and the system say under both runtimes. */
const KNOWN: readonly Known[] = [
  known(
    /UnknownIssuer|CaUsedAsEndEntity/,
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
    "it refused our client certificate, or wants one",
    false,
  ),
  known(/Requests to port [0-9]+ are blocked/, "other", "the runtime sends nothing to that port", false),
  known(/InvalidContentType/, "not_tls", "it does not speak TLS on this port", false),
  known(
    /invalid HTTP version parsed|invalid HTTP (?:header|status)/,
    "not_tls",
    "it does not speak plain http on this port",
    false,
  ),
  known(/invalid peer certificate/, "tls", "its certificate is not valid", false),
  known(/handshake eof/, "reset", "it closed the connection in the TLS handshake", true),
  known(
    /AlertReceived|received fatal alert|peer (?:is )?incompatible/i,
    "tls",
    "the TLS handshake failed",
    false,
  ),
  known(/dns error|failed to lookup|No such host|nodename/i, "dns", "its name has no address (DNS)", true),
  known(
    /proxy authorization|proxy auth|proxy.*407/i,
    "proxy",
    "the proxy wants a user and password, or refused ours",
    false,
  ),
  known(/tunnel|socks|proxy/i, "proxy", "the proxy did not make a connection", true),
  known(/Connection refused/i, "refused", "the connection was refused", true),
  known(/unreachable|no route/i, "unreachable", "there is no route to it", true),
  known(/timed out/i, "timeout", "the connection timed out", true),
  known(
    /connection closed before|reset by peer|broken pipe|connection error|end of file|error reading a body|IncompleteMessage/i,
    "reset",
    "it closed the connection too early",
    true,
  ),
];

function known(pattern: RegExp, reason: NetworkReason, text: string, isRetryable: boolean): Known {
  return { pattern, reason, text, isRetryable };
}

/** All messages of an error and its causes in one line: the runtimes put the true reason at different depths. */
function chainOf(error: unknown): string {
  const texts: string[] = [];
  for (let e = error; e instanceof Error && texts.length < 5; e = e.cause) texts.push(e.message);
  // An address may hold any word: "https://proxy.example".
  return texts.join(": ").replace(/https?:\/\/\S+/g, "URL");
}

/**
 * The failure of a request as an `AppError`: `network` with the host, `reason` and `isRetryable` in its details, or
 * `permission_denied` when the runtime itself refuses. An error that is typed already is given back as it is.
 *
 * @param via the proxy that was asked, if any: `proxy.corp:3128`
 */
export function networkErrorFrom(error: unknown, url: URL, via?: string): AppError {
  if (error instanceof AppError) return error;
  const host = url.host;
  if (error instanceof Deno.errors.NotCapable) {
    return new AppError(
      "permission_denied",
      `Cannot reach "${host}": the runtime needs --allow-net=${host}`,
      {
        cause: error,
        details: { host },
      },
    );
  }
  const chain = chainOf(error);
  const match = KNOWN.find(({ pattern }) => pattern.test(chain));
  const text = `${match?.text ?? "the request failed"}${adviceFor(match?.reason, url)}`;
  const byWay = via === undefined ? "" : ` by way of proxy "${via}"`;
  return new AppError("network", `Cannot reach "${host}"${byWay}: ${text}`, {
    cause: error,
    details: {
      host,
      reason: match?.reason ?? "other",
      isRetryable: match?.isRetryable ?? codeOf(error) === undefined,
    },
  });
}

/** What a user of a registry of their own has most likely left out. */
function adviceFor(reason: NetworkReason | undefined, url: URL): string {
  const kind = kindOfHost(url.hostname);
  if (reason === "tls_authority" && kind !== "public") {
    return "; if it is a host of your own, name that authority with --ca-file";
  }
  return reason === "not_tls" && kind === "loopback" && url.protocol === "http:" ? NEEDS_TLS : "";
}

/** Advice for a host on this machine that was asked over plain http, as such hosts are unless told otherwise. */
export const NEEDS_TLS = "; if it speaks TLS, say so with --ca-file and its authority";

/** The failure of a host that let the time for a connection and the head of its answer pass. */
export function headTimeoutError(url: URL, ms: number): AppError {
  const host = url.host;
  return new AppError("network", `Cannot reach "${host}": no answer within ${ms / 1000} s`, {
    details: { host, reason: "timeout", isRetryable: true },
  });
}

/** Why a host could not be reached; undefined if the error is not of this kind. */
export function networkReasonOf(error: unknown): NetworkReason | undefined {
  if (!(error instanceof AppError) || error.code !== "network") return undefined;
  return error.details.reason as NetworkReason | undefined;
}
