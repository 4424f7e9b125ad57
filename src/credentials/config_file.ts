/**
 * Reading credential files. docker's `config.json` and podman's `auth.json` have the same format.
 *
 * @module
 */
import { MIB, readAll } from "../base/bytes.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { asObject, asString, type JsonObject, optional, parseJsonObject } from "../oci/json.ts";
import { isDenied, isMissing } from "../base/system/os_errors.ts";
import { accessError } from "./access.ts";
import { type CredentialFile, type CredentialLocations, searchOrderOf } from "./locations.ts";

/** Much larger than any real file. Reading a device or an endless pipe must not exhaust the memory. */
const CREDENTIAL_FILE_MAX_BYTES = 4 * MIB;

/** A parsed credential file. */
export interface ConfigFile {
  readonly path: string;
  /** The unchanged text. */
  readonly text: string;
  /** The whole document, including unknown fields. */
  readonly document: JsonObject;
  /** Entries by key, not validated. */
  readonly auths: JsonObject;
  /** Names of helper programs by registry, not validated. */
  readonly credHelpers: JsonObject;
  /** The name of the helper program for all other registries. */
  readonly credsStore?: string;
}

/**
 * Reads a credential file. An empty file is valid and has no entries.
 *
 * @returns undefined if the file doesn't exist, or if it is a default file that can't be read
 * @throws AppError `invalid_content` for a malformed file, `permission_denied`, `limit_exceeded`
 */
export async function readConfigFile(file: CredentialFile): Promise<ConfigFile | undefined> {
  const bytes = await readBytes(file);
  return bytes === undefined ? undefined : parseConfigFile(bytes, file.path);
}

/** The path in messages about the text of {@linkcode CredentialLocations.inline}. */
const INLINE_PATH = "$DOCKER_AUTH_CONFIG";

/**
 * Parses the text of a credential file that the environment contains; undefined without one.
 *
 * @throws AppError `invalid_content`
 */
export function readInlineConfig({ inline }: CredentialLocations): ConfigFile | undefined {
  return inline === undefined ? undefined : parseConfigFile(new TextEncoder().encode(inline), INLINE_PATH);
}

/**
 * Reads all credential files in search order, the text of the environment first. Files that don't exist are left out.
 *
 * @throws AppError as {@linkcode readConfigFile}, once the iteration reaches that file
 */
export async function* readConfigFiles(locations: CredentialLocations): AsyncGenerator<ConfigFile> {
  const inline = readInlineConfig(locations);
  if (inline !== undefined) yield inline;
  for (const location of searchOrderOf(locations)) {
    const file = await readConfigFile(location);
    if (file !== undefined) yield file;
  }
}

/** Parses the bytes of a credential file. */
export function parseConfigFile(bytes: Uint8Array, path: string): ConfigFile {
  const where = whereOf(path);
  const text = new TextDecoder().decode(bytes);
  const document = text.trim() === "" ? {} : parseSecretJson(bytes, where);
  const map = (name: string) => optional(document[name], `${where}, "${name}"`, asObject) ?? {};
  const credsStore = optional(document.credsStore, `${where}, "credsStore"`, asString);
  return {
    path,
    text,
    document,
    auths: map("auths"),
    credHelpers: map("credHelpers"),
    ...(credsStore && { credsStore }),
  };
}

/**
 * Parses JSON that contains secrets. Drops the parser's error, which would quote the text around the mistake.
 */
export function parseSecretJson(bytes: Uint8Array, where: string): JsonObject {
  try {
    return parseJsonObject(bytes, where);
  } catch (error) {
    throw new AppError("invalid_content", messageOf(error));
  }
}

/** The name of the file in an error. */
export function whereOf(path: string): string {
  return `credential file "${path}"`;
}

async function readBytes({ path, named }: CredentialFile): Promise<Uint8Array | undefined> {
  try {
    using file = await Deno.open(path);
    return await readAll(file, CREDENTIAL_FILE_MAX_BYTES, whereOf(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (isDenied(error) && !named && !await isVisible(path)) return undefined;
    throw accessError(error, `Cannot read ${whereOf(path)}`, `--allow-read=${path}`);
  }
}

async function isVisible(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
