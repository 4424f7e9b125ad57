/**
 * A registry client, which all repositories of one process share.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { ATTEMPTS, RETRY_AFTER_MAX_MS, STALL_MIN_RATE, STALL_WINDOW_MS } from "../base/tuning.ts";
import { ANONYMOUS, type CredentialSource } from "../content/credential.ts";
import type { Remote, RemoteOptions } from "../content/remote.ts";
import type { Reference } from "../oci/reference.ts";
import { type Clock, SYSTEM_CLOCK } from "../http/clock.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { HostBackoffs } from "./request/host_backoff.ts";
import { checkCredentials } from "./login.ts";
import { openRemote } from "./remote.ts";
import { AddressPolicy } from "./auth/address_policy.ts";
import { mirrorCredentials } from "./auth/mirror_credentials.ts";
import { openSession } from "./auth/session.ts";
import type { HostSource } from "../content/registry_host.ts";
import { proxyChooser, proxySecrets } from "../http/network/proxies.ts";
import { readSystemRoots, type TlsIdentitySource } from "../http/tls/tls.ts";
import type { RegistryClientSettings } from "./settings.ts";
import { TokenCache } from "./auth/token_cache.ts";
import { createTransport } from "../http/transport.ts";
import { warnOnce } from "./request/warnings.ts";

/** Opens repositories, which share connections, tokens and the back-off of hosts. */
export interface Registry extends AsyncDisposable {
  /** Opens the repository of a reference. Sends nothing yet. */
  remote(reference: Reference, options?: RemoteOptions): Remote;
  /**
   * Checks credentials at a registry.
   *
   * @throws AppError `unauthorized`, `forbidden`, `network` and the other codes of a request
   */
  checkCredentials(registry: string, credentials: CredentialSource, signal: AbortSignal): Promise<void>;
  /** Closes idle connections. */
  close(): void;
}

/**
 * Opens a registry client.
 *
 * @param hosts provides the hosts of each registry, and their TLS settings
 * @param clock for tests
 * @throws AppError `invalid_argument` for settings out of range
 */
export function openRegistryClient(
  settings: RegistryClientSettings,
  hosts: HostSource & TlsIdentitySource,
  clock: Clock = SYSTEM_CLOCK,
): Registry {
  const context = contextOf(settings, clock);
  const tokens = new TokenCache(clock);
  const { proxies, headTimeout, userAgent, onRequest, plainHttp } = settings;
  const transport = createTransport({
    tls: hosts,
    ...proxies === undefined ? {} : { proxies },
    ...headTimeout === undefined ? {} : { headTimeout },
    ...userAgent === undefined ? {} : { userAgent },
    ...onRequest === undefined ? {} : { onRequest },
  }, () => readSystemRoots(settings.systemRoots));
  const chooseProxy = proxyChooser(proxies ?? {});
  const addresses = new AddressPolicy((url) => chooseProxy(url) !== undefined);
  const sessionDeps = {
    transport,
    tokens,
    addresses,
    secrets: proxySecrets(proxies ?? {}),
    ...plainHttp === undefined ? {} : { plainHttp },
  };
  return {
    remote(reference, { credentials = settings.credentials ?? ANONYMOUS } = {}) {
      const { registry, repository } = reference;
      // The credentials of one call are usually those of its registry; a mirror may have others.
      const forMirrors = mirrorCredentials(credentials, settings.credentials);
      const openSessions = async () =>
        (await hosts.hostsFor(registry)).map((host) =>
          openSession(host, repository, host.isMirror ? forMirrors : credentials, sessionDeps)
        );
      return openRemote(reference, { openSessions, transport, addresses, context });
    },
    checkCredentials: (registry, credentials, signal) =>
      checkCredentials(registry, credentials, { hosts, sessions: sessionDeps, context }, signal),
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => Promise.resolve(transport.close()),
  };
}

function contextOf(settings: RegistryClientSettings, clock: Clock): RequestContext {
  const {
    attempts = ATTEMPTS,
    maxRetryAfter = RETRY_AFTER_MAX_MS,
    stallMinRate = STALL_MIN_RATE,
    stallWindow = STALL_WINDOW_MS,
  } = settings;
  checkNumber("attempts", attempts, 1);
  checkNumber("maxRetryAfter", maxRetryAfter, 0);
  checkNumber("stallMinRate", stallMinRate, 0);
  checkNumber("stallWindow", stallWindow, 1);
  return {
    clock,
    backoffs: new HostBackoffs(clock),
    stall: { minRate: stallMinRate, windowMs: stallWindow },
    attempts,
    maxRetryAfter,
    onWarning: warnOnce(settings.onWarning),
  };
}

function checkNumber(name: string, value: number, min: number): void {
  if (value >= min) return;
  throw new AppError("invalid_argument", `Cannot use ${name} ${value}: it must be at least ${min}`);
}
