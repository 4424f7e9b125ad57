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
 * The credential that an entry holds. A registry token takes precedence over an identity token, and that over
 * a password. Undefined for an empty entry; docker leaves `{}` for registries with a helper program.
 *
 * @param where file and key, for errors
 * @throws AppError `invalid_content`; the message never quotes the entry
 */
export function decodeEntry(value: unknown, where: string): Credential | undefined {
  const entry = optional(value, where, asObject);
  if (entry === undefined) return undefined;
  const field = (name: string) => optional(entry[name], `${where}, "${name}"`, asString) || undefined;
  const bearer = field("registrytoken");
  if (bearer !== undefined) return { kind: "bearer", token: checkToken(bearer, where) };
  const refresh = field("identitytoken");
  if (refresh !== undefined) return { kind: "refresh", token: refresh };
  const auth = field("auth");
  if (auth !== undefined) return decodeAuth(auth, where);
  const username = field("username");
  return username === undefined ? undefined : { kind: "basic", username, password: field("password") ?? "" };
}

/**
 * A registry token is sent unchanged in a header (RFC 6750, section 2.1). An invalid one would otherwise be
 * reported as a failed connection.
 */
function checkToken(token: string, where: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  throw new AppError(
    "invalid_content",
    `Cannot read ${where}: "registrytoken" contains blanks or characters that are invalid in a header`,
  );
}

/**
 * The entry that docker would write for a credential.
 *
 * @throws AppError `invalid_argument` for a user name or password that the format can't represent
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
  if (pair === undefined || pair.username === "") throw invalidAuth(where);
  return { kind: "basic", ...pair };
}

function encodeAuth(username: string, password: string): string {
  if (username === "" || username.includes(":")) {
    throw new AppError(
      "invalid_argument",
      `Cannot store credentials: user "${username}" is empty or contains ":"`,
    );
  }
  if (password.includes("\0")) {
    throw new AppError("invalid_argument", "Cannot store credentials: the password contains a NUL character");
  }
  return encodeUserPassword(username, password);
}

function invalidAuth(where: string): AppError {
  return new AppError("invalid_content", `Cannot read ${where}: "auth" is not base64 of USER:PASSWORD`);
}
