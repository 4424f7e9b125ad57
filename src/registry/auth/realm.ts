/**
 * Validates realms. A registry names the URL of its token server. A malicious one could name plain HTTP, or a server that
 * only this machine can reach.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import type { AddressPolicy } from "./address_policy.ts";

/**
 * Parses a realm; a relative URL is resolved against `registry`.
 *
 * @throws AppError `unauthorized` for one that is not an http or https URL
 */
export function parseRealm(realm: string, registry: URL): URL {
  let url: URL;
  try {
    url = new URL(realm, registry);
  } catch {
    throw refuse(registry, "(not a URL)", "is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(registry, redactUrl(url), "is not an https URL");
  }
  // `fetch` would turn them into an Authorization header.
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

/**
 * Checks a realm, and returns the same check for each redirect of its token requests: no http if the registry uses
 * https, and the addresses that {@linkcode AddressPolicy} allows.
 *
 * @throws AppError `unauthorized`, as does the returned function
 */
export async function realmChecker(
  realm: URL,
  registry: URL,
  policy: AddressPolicy,
): Promise<(url: URL) => Promise<void>> {
  const check = async (url: URL) => {
    if (registry.protocol === "https:" && url.protocol === "http:") {
      throw refuse(registry, redactUrl(url), "is http although the registry uses https");
    }
    const kind = await policy.forbiddenKind(url, registry);
    if (kind === undefined) return;
    throw refuse(registry, redactUrl(url), `has a ${kind} address although the registry doesn't`);
  };
  await check(realm);
  return check;
}

function refuse(registry: URL, realm: string, why: string): AppError {
  return new AppError(
    "unauthorized",
    `Cannot request a token for "${registry.host}": its realm "${realm}" ${why}`,
    { details: { host: registry.host } },
  );
}
