/**
 * A registry client: what all remotes of one process share.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { ANONYMOUS, type CredentialSource } from "../content/credential.ts";
import type { Remote, RemoteOptions } from "../content/remote.ts";
import type { Reference } from "../oci/reference.ts";
import { type Clock, SYSTEM_CLOCK } from "../http/clock.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { HostBackoffs } from "./request/host_backoff.ts";
import { checkCredentials } from "./login.ts";
import { openRemote } from "./remote.ts";
import { openSession } from "./auth/session.ts";
import type { HostSource } from "../content/registry_host.ts";
import type { TlsIdentitySource } from "../http/tls/tls.ts";
import type { RegistryClientSettings } from "./settings.ts";
import { TokenCache } from "./auth/token_cache.ts";
import { createTransport } from "../http/transport.ts";
import { warnOnce } from "./request/warnings.ts";

/** Opens repositories. All that it opens share connections, tokens and the waits that hosts ask for. */
export interface Registry extends AsyncDisposable {
  /** The repository of a reference. Nothing is asked yet. */
  remote(reference: Reference, options?: RemoteOptions): Remote;
  /**
   * Tries credentials at a registry.
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
 * @param hosts lists the hosts of each registry and how to connect to them
 * @param clock time, for tests
 * @throws AppError `invalid_argument` for settings that make no sense
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
  });
  const sessionDeps = { transport, tokens, ...plainHttp === undefined ? {} : { plainHttp } };
  return {
    remote(reference, { credentials = settings.credentials ?? ANONYMOUS } = {}) {
      const { registry, repository } = reference;
      const openSessions = async () =>
        (await hosts.hostsFor(registry)).map((host) =>
          openSession(host, repository, credentials, sessionDeps)
        );
      return openRemote(reference, { openSessions, transport, context });
    },
    checkCredentials: (registry, credentials, signal) =>
      checkCredentials(registry, credentials, { hosts, sessions: sessionDeps, context }, signal),
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => Promise.resolve(transport.close()),
  };
}

function contextOf(settings: RegistryClientSettings, clock: Clock): RequestContext {
  const { attempts = 5, maxRetryAfter = 60_000, stallFloor = 1024, stallWindow = 30_000 } = settings;
  checkNumber("attempts", attempts, 1);
  checkNumber("maxRetryAfter", maxRetryAfter, 0);
  checkNumber("stallFloor", stallFloor, 0);
  checkNumber("stallWindow", stallWindow, 1);
  return {
    clock,
    gates: new HostBackoffs(clock),
    stall: { floor: stallFloor, window: stallWindow },
    attempts,
    maxRetryAfter,
    onWarning: warnOnce(settings.onWarning),
  };
}

function checkNumber(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw new AppError("invalid_argument", `Cannot use ${name} ${value}: want at least ${least}`);
}
