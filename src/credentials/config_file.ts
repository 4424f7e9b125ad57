/**
 * Reading credential files: docker's `config.json` and podman's `auth.json` have one format.
 *
 * @module
 */
import { MIB, readAll } from "../base/bytes.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { asObject, asString, type JsonObject, optional, parseJsonObject } from "../oci/json.ts";
import { isDenied, isMissing } from "../base/os_errors.ts";
import { accessError } from "./access.ts";
import type { CredentialFile } from "./locations.ts";

/** Far above any real file; without it a device or an endless pipe would fill the memory. */
const CREDENTIAL_FILE_MAX_BYTES = 4 * MIB;

/** A credential file that was read. */
export interface ConfigFile {
  readonly path: string;
  /** As it stands in the file. */
  readonly text: string;
  /** All of it: what we don't know is there too. */
  readonly document: JsonObject;
  /** Entries by key, not checked yet. */
  readonly auths: JsonObject;
  /** Names of helper programs by registry, not checked yet. */
  readonly credHelpers: JsonObject;
  /** The name of the helper program for all other registries. */
  readonly credsStore?: string;
}

/**
 * Reads a credential file. An empty file is one without entries.
 *
 * @returns undefined if there is none, or if a file that nobody named can't be looked at
 * @throws AppError `invalid_content` for a file of another format, `permission_denied`, `limit_exceeded`
 */
export async function readConfigFile(file: CredentialFile): Promise<ConfigFile | undefined> {
  const bytes = await readBytes(file);
  return bytes === undefined ? undefined : parseConfigFile(bytes, file.path);
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

/** Parses JSON that holds secrets: the parser's own error would quote what stands around the mistake. */
export function parseSecretJson(bytes: Uint8Array, where: string): JsonObject {
  try {
    return parseJsonObject(bytes, where);
  } catch (error) {
    throw new AppError("invalid_content", messageOf(error));
  }
}

/** The file in the words of an error. */
export function whereOf(path: string): string {
  return `credential file "${path}"`;
}

async function readBytes({ path, named }: CredentialFile): Promise<Uint8Array | undefined> {
  try {
    using file = await Deno.open(path);
    return await readAll(file, CREDENTIAL_FILE_MAX_BYTES, whereOf(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (isDenied(error) && !named && !await isSeen(path)) return undefined;
    throw accessError(error, `Cannot read ${whereOf(path)}`, `--allow-read=${path}`);
  }
}

async function isSeen(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
