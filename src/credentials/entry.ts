/**
 * Entries of a credential file: `{"auth": …}`, `{"username": …, "password": …}`, `{"identitytoken": …}`,
 * `{"registrytoken": …}`.
 *
 * @module
 */
import { decodeUserPassword, encodeUserPassword } from "../base/base64.ts";
import { AppError } from "../base/errors.ts";
import type { Credential } from "../content/credential.ts";
import { asObject, asString, type JsonObject, optional } from "../oci/json.ts";

/**
 * The credential that an entry holds. A registry token beats an identity token, and that beats a password. An entry
 * that holds none (docker leaves `{}` beside a helper program) is undefined.
 *
 * @param where file and key, for errors
 * @throws AppError `invalid_content`, without a word of what the entry holds
 */
export function decodeEntry(value: unknown, where: string): Credential | undefined {
  const entry = optional(value, where, asObject);
  if (entry === undefined) return undefined;
  const field = (name: string) => optional(entry[name], `${where}, "${name}"`, asString) || undefined;
  const bearer = field("registrytoken");
  if (bearer !== undefined) return { kind: "bearer", token: sendable(bearer, where) };
  const refresh = field("identitytoken");
  if (refresh !== undefined) return { kind: "refresh", token: refresh };
  const auth = field("auth");
  if (auth !== undefined) return decodeAuth(auth, where);
  const username = field("username");
  return username === undefined ? undefined : { kind: "basic", username, password: field("password") ?? "" };
}

/** A registry token goes into a header as it is (RFC 6750, section 2.1): one that can't would fail as a broken connection. */
function sendable(token: string, where: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  throw new AppError(
    "invalid_content",
    `Cannot read ${where}: "registrytoken" has blanks or characters that no header takes`,
  );
}

/**
 * The entry that docker would write for a credential.
 *
 * @throws AppError `invalid_argument` for a user name that the format can't hold
 */
export function encodeEntry(credential: Credential): JsonObject {
  switch (credential.kind) {
    case "basic":
      return { auth: encodeAuth(credential.username, credential.password) };
    case "refresh":
      return { identitytoken: credential.token };
    case "bearer":
      return { registrytoken: credential.token };
  }
}

function decodeAuth(auth: string, where: string): Credential {
  const pair = decodeUserPassword(auth);
  if (pair === undefined || pair.username === "") throw wrongAuth(where);
  return { kind: "basic", ...pair };
}

function encodeAuth(username: string, password: string): string {
  if (username === "" || username.includes(":")) {
    throw new AppError(
      "invalid_argument",
      `Cannot keep credentials: user "${username}" is empty or has a ":"`,
    );
  }
  if (password.includes("\0")) {
    throw new AppError("invalid_argument", "Cannot keep credentials: the password has a NUL character");
  }
  return encodeUserPassword(username, password);
}

function wrongAuth(where: string): AppError {
  return new AppError("invalid_content", `Cannot read ${where}: "auth" is not base64 of USER:PASSWORD`);
}
