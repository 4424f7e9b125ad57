/**
 * The credentials that a CRI client sends along with a pull.
 *
 * @module
 */
import { decodeUserPassword } from "../../base/base64.ts";
import { KIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Credential, CredentialSource } from "../../content/credential.ts";
import { isDockerHub } from "../../oci/docker_hub.ts";
import type { AuthConfig } from "../proto/runtime_pb.ts";

/** The fields of the message that can contain credentials. */
export type AuthFields = Pick<
  AuthConfig,
  "username" | "password" | "auth" | "serverAddress" | "identityToken" | "registryToken"
>;

/** The longest tokens have a few KiB. Stops: holding memory with pulls that wait for a slow registry. */
const AUTH_MAX_CHARS = 64 * KIB;

/** The source of these credentials, for messages. */
const SOURCE = "the AuthConfig of the CRI request";

/**
 * Returns the credentials of a request as a source. If the request names a server address, they are sent only to that
 * registry.
 *
 * @returns undefined if the request has none; the pull is then anonymous
 * @throws AppError `invalid_argument` for an `auth` field that is not base64 of `user:password`, which isn't shown;
 * `limit_exceeded`
 */
export function credentialsOf(fields: AuthFields | undefined): CredentialSource | undefined {
  checkLength(fields);
  const credential = fields && credentialIn(fields);
  if (credential === undefined) return undefined;
  const address = addressHost(fields?.serverAddress ?? "");
  return {
    findCredential: (registry) =>
      Promise.resolve(
        address === "" || isSameRegistry(address, registry) ? { credential, source: SOURCE } : undefined,
      ),
  };
}

function checkLength(fields: AuthFields | undefined): void {
  const {
    username = "",
    password = "",
    auth = "",
    serverAddress = "",
    identityToken = "",
    registryToken = "",
  } = fields ?? {};
  const chars = [username, password, auth, serverAddress, identityToken, registryToken].join("").length;
  if (chars <= AUTH_MAX_CHARS) return;
  throw new AppError(
    "limit_exceeded",
    `Cannot use the AuthConfig: it has ${chars} characters, at most ${AUTH_MAX_CHARS} are allowed`,
  );
}

/** The first kind of credential that is set, in containerd's order; registry tokens, which it ignores, come last. */
function credentialIn(fields: AuthFields): Credential | undefined {
  if (fields.username !== "") return { kind: "basic", username: fields.username, password: fields.password };
  if (fields.identityToken !== "") return { kind: "refresh", token: fields.identityToken };
  if (fields.auth !== "") return decodeAuth(fields.auth);
  if (fields.registryToken !== "") return { kind: "bearer", token: fields.registryToken };
  return undefined;
}

function decodeAuth(auth: string): Credential {
  const pair = decodeUserPassword(auth);
  if (pair !== undefined) return { kind: "basic", ...pair };
  throw new AppError(
    "invalid_argument",
    'Cannot use the field "auth" of the AuthConfig: expected base64 of USER:PASSWORD',
  );
}

/** The host of `host`, `host/path` and `https://host/v1/`. */
function addressHost(address: string): string {
  return address.replace(/^[a-z]+:\/\//i, "").split("/", 1)[0]?.toLowerCase() ?? "";
}

function isSameRegistry(address: string, registry: string): boolean {
  return address === registry.toLowerCase() || (isDockerHub(address) && isDockerHub(registry));
}
