/**
 * Certificate directories of Docker and containerd: `certs.d` with one subdirectory per registry.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { isDenied, isMissing } from "../base/system/os_errors.ts";
import { missingFlag } from "../base/system/permission.ts";
import { checkPair } from "../http/tls/key_pair.ts";
import { parsePem } from "../http/tls/pem.ts";
import type { ClientPair, TlsIdentity } from "../http/tls/tls.ts";
import { tryIdentity } from "../http/transport.ts";

/** The subdirectory for registries without one. */
export const DEFAULT_DIRECTORY = "_default";

/** The possible names of a registry's subdirectory, in order: `host_5000_`, `host:5000`; `host` without a port. */
export function directoryNames(registry: string): readonly string[] {
  const port = /:([0-9]+)$/.exec(registry);
  if (port === null) return [registry];
  return [`${registry.slice(0, port.index)}_${port[1]}_`, registry];
}

/**
 * Reads the certificates of a directory: `*.crt` are CAs, `*.cert` with `*.key` is a client certificate.
 *
 * @returns undefined if the directory is missing or contains no certificates
 * @throws AppError `invalid_content`, `unsupported` or `permission_denied`, naming the file
 */
export async function readCertDirectory(path: string): Promise<TlsIdentity | undefined> {
  const names = await listDirectory(path);
  const caCerts: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".crt"))) {
    caCerts.push(await readAuthorities(`${path}/${name}`));
  }
  const client = await readOnlyPair(path, names);
  if (client === undefined) return caCerts.length === 0 ? undefined : { caCerts };
  return { caCerts, client };
}

/** Reads the client certificate among the files `names`. More than one can't be sent. */
async function readOnlyPair(path: string, names: readonly string[]): Promise<ClientPair | undefined> {
  const stems = new Set(names.flatMap((name) => /^(.*)\.(?:cert|key)$/.exec(name)?.[1] ?? []));
  for (const stem of stems) {
    for (const [present, missing] of [["cert", "key"], ["key", "cert"]]) {
      if (names.includes(`${stem}.${present}`) && !names.includes(`${stem}.${missing}`)) {
        throw unusable(`${path}/${stem}.${present}`, `"${stem}.${missing}" is missing in the same directory`);
      }
    }
  }
  const [stem, second] = stems;
  if (stem === undefined) return undefined;
  if (second !== undefined) {
    throw new AppError(
      "unsupported",
      `Cannot use certificate file "${path}/${second}.cert": "${stem}.cert" exists too; keep one client certificate`,
      { details: { configFile: `${path}/${second}.cert` } },
    );
  }
  return await readPair(`${path}/${stem}.cert`, `${path}/${stem}.key`);
}

/** The sorted names in a directory; none if it is missing. */
async function listDirectory(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(path, error);
  }
  return names.sort();
}

/**
 * Reads a PEM file with CA certificates.
 *
 * @throws AppError `invalid_content` or `permission_denied`, naming the file
 */
export async function readAuthorities(path: string): Promise<string> {
  const text = await readText(path);
  if (!parsePem(text).some(({ label }) => label === "CERTIFICATE")) {
    throw unusable(path, "no PEM certificate found");
  }
  checkUsable(path, { caCerts: [text] });
  return text;
}

/**
 * Reads a client certificate and its key, which may be in the same file.
 *
 * @throws AppError `invalid_content` or `permission_denied`, naming the file
 */
export async function readPair(certPath: string, keyPath: string): Promise<ClientPair> {
  const cert = await readText(certPath);
  const key = await readText(keyPath);
  switch (checkPair(cert, key)) {
    case "no certificate":
      throw unusable(certPath, "no PEM certificate found");
    case "no key":
      throw unusable(keyPath, "no PEM private key found");
    case "encrypted key":
      throw unusable(keyPath, "the key is encrypted; remove its passphrase");
    case "mismatch":
      throw unusable(keyPath, `it doesn't match the certificate "${certPath}"`);
    case "matches":
    case "unknown":
      checkUsable(certPath, { caCerts: [], client: { cert, key } });
      return { cert, key };
  }
}

/** Lets the runtime validate certificates here, where the error can name the file. */
function checkUsable(path: string, identity: TlsIdentity): void {
  try {
    tryIdentity(identity);
  } catch (error) {
    throw unusable(path, messageOf(error), error);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The error for a file or directory that couldn't be read. */
export function unreadable(path: string, cause: unknown): AppError {
  if (isMissing(cause)) return unusable(path, "no such file", cause);
  const flag = missingFlag(cause);
  const why = flag === undefined ? messageOf(cause) : `missing permission: add ${flag}`;
  const code = isDenied(cause) ? "permission_denied" : "invalid_content";
  return new AppError(code, `Cannot read "${path}": ${why}`, { cause, details: { configFile: path } });
}

function unusable(path: string, why: string, cause?: unknown): AppError {
  return new AppError("invalid_content", `Cannot use certificate file "${path}": ${why}`, {
    cause,
    details: { configFile: path },
  });
}
