/**
 * Storing and removing credentials, in docker's configuration file or in the helper program that it names.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/system/files.ts";
import { resolveOwnLinks } from "../base/system/ownership.ts";
import type { Credential } from "../content/credential.ts";
import type { JsonObject } from "../oci/json.ts";
import { isMissing } from "../base/system/os_errors.ts";
import { accessError } from "./access.ts";
import { type ConfigFile, parseConfigFile, readConfigFile, whereOf } from "./config_file.ts";
import { encodeEntry } from "./entry.ts";
import {
  type CredentialHelperOptions,
  eraseFromHelper,
  type Helper,
  sourceOfHelper,
  storeInHelper,
} from "./helper.ts";
import { dockerKeyOf, keysOf, matchKeys, splitCredentialName } from "./keys.ts";
import type { CredentialFile, CredentialLocations } from "./locations.ts";
import { helperFor } from "./source.ts";

/** Other users must not read passwords. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Where a credential was stored. */
export interface StoredCredential {
  /** File and key, or helper program. */
  readonly source: string;
  /** A warning for the user that the file contains the unencrypted secret. */
  readonly warning?: string;
}

/**
 * Stores the credential of a registry or of one of its namespaces where docker would: in the helper program that `config.json` names,
 * otherwise in that file with mode 0600. Keeps all other fields of the file and its indentation. With a
 * helper, the file gets an empty entry, as docker writes it; this also removes an unencrypted secret.
 *
 * @param name `HOST[:PORT]`, or `HOST[:PORT]/NAMESPACE…`
 * @throws AppError `invalid_argument` (no home directory, or a user name that the file can't represent),
 * `invalid_content` (the file is malformed; it stays unchanged), `permission_denied`, `no_space`, or the
 * failure of the helper
 */
export async function storeCredential(
  locations: CredentialLocations,
  name: string,
  credential: Credential,
  signal: AbortSignal,
  options: CredentialHelperOptions = {},
): Promise<StoredCredential> {
  const file = await openDockerConfig(locations, "log in");
  const helper = helperOf(file, name);
  const key = dockerKeyOf(name);
  if (helper !== undefined) {
    await storeInHelper(helper, name, credential, options, signal);
    await save(file, { ...file.auths, [key]: {} });
    return { source: sourceOfHelper(helper) };
  }
  const entry = encodeEntry(credential);
  signal.throwIfAborted();
  await save(file, { ...file.auths, [key]: entry });
  return {
    source: `${file.path}, key "${key}"`,
    warning: `Credentials are stored unencrypted in "${file.path}"; ` +
      `to store them in a keychain, set "credsStore" in this file to a credential helper`,
  };
}

/**
 * Removes the credential of a registry or of one of its namespaces from where {@linkcode storeCredential} would store
 * it. Entries of other names stay: those of a registry's namespaces, or that of a namespace's registry.
 *
 * @param name `HOST[:PORT]`, or `HOST[:PORT]/NAMESPACE…`
 * @returns whether there was one
 * @throws AppError as {@linkcode storeCredential}
 */
export async function eraseCredential(
  locations: CredentialLocations,
  name: string,
  signal: AbortSignal,
  options: CredentialHelperOptions = {},
): Promise<boolean> {
  const file = await openDockerConfig(locations, "log out");
  const helper = helperOf(file, name);
  const erased = helper !== undefined && await eraseFromHelper(helper, name, options, signal);
  signal.throwIfAborted();
  const keys = keysOf(Object.keys(file.auths), name);
  if (keys.length === 0) return erased;
  // docker writes an empty entry for a registry with a helper program; it isn't a credential.
  const hadEntry = keys.some((key) => JSON.stringify(file.auths[key]) !== "{}");
  await save(file, Object.fromEntries(Object.entries(file.auths).filter(([key]) => !keys.includes(key))));
  return erased || hadEntry;
}

function helperOf(file: ConfigFile, name: string): Helper | undefined {
  const { registry, namespace } = splitCredentialName(name);
  const [match] = matchKeys(Object.keys(file.credHelpers), registry, namespace);
  return helperFor(file, match);
}

async function openDockerConfig(locations: CredentialLocations, action: string): Promise<ConfigFile> {
  const location = locations.dockerConfig;
  if (location === undefined) {
    throw new AppError("invalid_argument", `Cannot ${action}: neither HOME nor DOCKER_CONFIG is set`);
  }
  // Treated as named, so that a file that can't be read is an error: writing without reading would lose its
  // content.
  const file: CredentialFile = { path: await followLinks(location.path), named: true };
  return await readConfigFile(file) ?? parseConfigFile(new Uint8Array(), file.path);
}

/**
 * Resolves a linked `config.json`: replacing the link itself would disconnect it from the user's dotfiles.
 */
async function followLinks(path: string): Promise<string> {
  // A link of another user could send the password to a file that this user can read.
  resolveOwnLinks(path);
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!isMissing(error)) throw accessError(error, `Cannot read ${whereOf(path)}`, `--allow-read=${path}`);
  }
  const isLink = await Deno.lstat(path).then((info) => info.isSymlink, () => false);
  if (isLink) {
    throw new AppError(
      "invalid_content",
      `Cannot write ${whereOf(path)}: it is a dangling symbolic link`,
    );
  }
  return path;
}

async function save(file: ConfigFile, auths: JsonObject): Promise<void> {
  const directory = file.path.slice(0, Math.max(1, file.path.lastIndexOf("/")));
  const text = formatLike(file.text, { ...file.document, auths });
  try {
    if (file.path.includes("/")) await Deno.mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    await writeFileAtomically(file.path, new TextEncoder().encode(text), FILE_MODE);
  } catch (error) {
    const flags = `--allow-read=${directory} --allow-write=${directory}`;
    throw accessError(error, `Cannot write ${whereOf(file.path)}`, flags);
  }
}

/** Formats JSON with the indentation of the text that it replaces; a new file has tabs, like docker's. */
function formatLike(old: string, document: JsonObject): string {
  const text = old.trimEnd();
  const indent = /^\s*\{\r?\n([ \t]+)"/.exec(text)?.[1];
  const isOneLine = text !== "" && text !== "{}" && !text.includes("\n");
  const json = JSON.stringify(document, null, isOneLine ? undefined : indent ?? "\t");
  return text === "" || old !== text ? `${json}\n` : json;
}
