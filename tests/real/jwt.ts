/**
 * Tokens that the distribution registry accepts: JWTs signed with ES256 (RFC 7519; distribution's token
 * spec).
 *
 * @module
 */
import type { MintToken } from "../registry/mod.ts";

/** A key that signs tokens. */
export interface TokenKey {
  /** The key set for the registry's `jwks` option. */
  readonly jwks: string;
  /** Makes a signed token for an issuer and an audience. */
  mint(issuer: string, service: string): MintToken;
}

const KEY_ID = "test-key";
const LIFETIME_SECONDS = 300;

/** Makes a key. */
export async function createTokenKey(): Promise<TokenKey> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const jwk = { kty, crv, x, y, kid: KEY_ID, alg: "ES256", use: "sig" };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    mint: (issuer, service) => async (user, scopes, number) => {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer,
        sub: user,
        aud: service,
        exp: now + LIFETIME_SECONDS,
        nbf: now - 10,
        iat: now,
        jti: String(number),
        access: scopes.map(accessOf),
      };
      const text = `${encode({ alg: "ES256", typ: "JWT", kid: KEY_ID })}.${encode(claims)}`;
      const bytes = new TextEncoder().encode(text);
      const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, bytes);
      return `${text}.${base64Url(new Uint8Array(signature))}`;
    },
  };
}

/** Converts a scope such as `repository:a/b:pull,push` to a claim. */
function accessOf(scope: string): { type: string; name: string; actions: string[] } {
  const [, type = "", name = "", actions = ""] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
  return { type, name, actions: actions.split(",") };
}

function encode(value: unknown): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
