/**
 * Folders of certificates, one a registry: Docker's and containerd's `certs.d`.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { isDenied, isMissing } from "../base/os_errors.ts";
import { missingFlag } from "../base/permission.ts";
import { checkPair } from "../http/tls/key_pair.ts";
import { parsePem } from "../http/tls/pem.ts";
import type { ClientPair, TlsIdentity } from "../http/tls/tls.ts";
import { tryIdentity } from "../http/transport.ts";

/** The folder that stands for registries with none of their own. */
export const DEFAULT_DIRECTORY = "_default";

/** The names that a registry's folder may have, the best first: `host_5000_`, `host:5000`; `host` without a port. */
export function directoryNames(registry: string): readonly string[] {
  const port = /:([0-9]+)$/.exec(registry);
  if (port === null) return [registry];
  return [`${registry.slice(0, port.index)}_${port[1]}_`, registry];
}

/**
 * Reads the certificates of a folder: `*.crt` are authorities, `*.cert` with `*.key` are who we say we are.
 *
 * @returns undefined if there is no such folder, or nothing of that kind in it
 * @throws AppError `invalid_content`, `unsupported` or `permission_denied`, naming the file
 */
export async function readCertDirectory(path: string): Promise<TlsIdentity | undefined> {
  const names = await listFolder(path);
  const caCerts: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".crt"))) {
    caCerts.push(await readAuthorities(`${path}/${name}`));
  }
  const client = await readFolderPair(path, names);
  if (client === undefined) return caCerts.length === 0 ? undefined : { caCerts };
  return { caCerts, client };
}

async function readFolderPair(path: string, names: readonly string[]): Promise<ClientPair | undefined> {
  const stems = new Set(names.flatMap((name) => /^(.*)\.(?:cert|key)$/.exec(name)?.[1] ?? []));
  for (const stem of stems) {
    for (const [have, want] of [["cert", "key"], ["key", "cert"]]) {
      if (names.includes(`${stem}.${have}`) && !names.includes(`${stem}.${want}`)) {
        throw wrong(`${path}/${stem}.${have}`, `"${stem}.${want}" is missing beside it`);
      }
    }
  }
  const [stem, second] = stems;
  if (stem === undefined) return undefined;
  if (second !== undefined) {
    throw new AppError(
      "unsupported",
      `Cannot use certificate "${path}/${second}.cert": there is "${stem}.cert" as well, want one client certificate`,
    );
  }
  return await readPair(`${path}/${stem}.cert`, `${path}/${stem}.key`);
}

/** Names in a folder, in their order; none if there is no such folder. */
async function listFolder(path: string): Promise<readonly string[]> {
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
 * Reads a PEM file of authorities.
 *
 * @throws AppError `invalid_content` or `permission_denied`, naming the file
 */
export async function readAuthorities(path: string): Promise<string> {
  const text = await readText(path);
  if (!parsePem(text).some(({ label }) => label === "CERTIFICATE")) {
    throw wrong(path, "it holds no PEM certificate");
  }
  tryOut(path, { caCerts: [text] });
  return text;
}

/**
 * Reads a client certificate and its key, which may stand in one file.
 *
 * @throws AppError `invalid_content` or `permission_denied`, naming the file
 */
export async function readPair(certPath: string, keyPath: string): Promise<ClientPair> {
  const cert = await readText(certPath);
  const key = await readText(keyPath);
  switch (checkPair(cert, key)) {
    case "no certificate":
      throw wrong(certPath, "it holds no PEM certificate");
    case "no key":
      throw wrong(keyPath, "it holds no PEM private key");
    case "encrypted key":
      throw wrong(keyPath, "the key is encrypted, want one without a passphrase");
    case "mismatch":
      throw wrong(keyPath, `it is not the key of "${certPath}"`);
    case "matches":
    case "unknown":
      tryOut(certPath, { caCerts: [], client: { cert, key } });
      return { cert, key };
  }
}

/** Lets the runtime judge, while we still know which file it is about. */
function tryOut(path: string, identity: TlsIdentity): void {
  try {
    tryIdentity(identity);
  } catch (error) {
    throw wrong(path, messageOf(error), error);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The error for a file that can't be read. */
export function unreadable(path: string, cause: unknown): AppError {
  if (isMissing(cause)) return wrong(path, "there is no such file", cause);
  const flag = missingFlag(cause);
  const why = flag === undefined ? messageOf(cause) : `the runtime does not allow it, add ${flag}`;
  const code = isDenied(cause) ? "permission_denied" : "invalid_content";
  return new AppError(code, `Cannot read "${path}": ${why}`, { cause });
}

function wrong(path: string, why: string, cause?: unknown): AppError {
  return new AppError("invalid_content", `Cannot use certificate file "${path}": ${why}`, { cause });
}
