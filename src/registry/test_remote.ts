/**
 * Repositories at test registries: a registry and its mirrors, with a clock that the test controls.
 *
 * @module
 */
import { neverAborted } from "../base/concurrency/abort.ts";
import { ANONYMOUS, type CredentialSource } from "../content/credential.ts";
import type { FetchBody, Remote, TransferEvent } from "../content/remote.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import { memoryBlob } from "../../tests/images/blob.ts";
import type { TestRegistry } from "../../tests/registry/mod.ts";
import type { RequestContext } from "./request/perform_request.ts";
import { HostBackoffs } from "./request/host_backoff.ts";
import type { RegistryHost } from "../content/registry_host.ts";
import { openRemote } from "./remote.ts";
import { AddressPolicy } from "./auth/address_policy.ts";
import { openSession } from "./auth/session.ts";
import { TestClock } from "../http/test_clock.ts";
import { TokenCache } from "./auth/token_cache.ts";
import { createTransport } from "../http/transport.ts";

/** The repository that the tests of this module use. */
export const REPOSITORY = "team/app";

/** A repository under test. */
export interface TestRemote extends Disposable {
  readonly remote: Remote;
  readonly reference: Reference;
  readonly clock: TestClock;
  readonly context: RequestContext;
  readonly warnings: string[];
}

/** Options of {@linkcode openTestRemote}. */
export interface TestRemoteOptions {
  readonly mirrors?: readonly TestRegistry[];
  /** The capabilities of mirrors. @default {["pull", "resolve"]} */
  readonly mirrorCapabilities?: readonly ("pull" | "resolve")[];
  readonly attempts?: number;
  readonly credentials?: CredentialSource;
  readonly reference?: string;
}

/** Opens {@linkcode REPOSITORY} at a registry, mirrors first. */
export function openTestRemote(registry: TestRegistry, options: TestRemoteOptions = {}): TestRemote {
  const { mirrors = [], mirrorCapabilities = ["pull", "resolve"], attempts = 3 } = options;
  const reference = parseReference(options.reference ?? `${registry.host}/${REPOSITORY}:v1`);
  const clock = new TestClock();
  const warnings: string[] = [];
  const context: RequestContext = {
    clock,
    backoffs: new HostBackoffs(clock),
    stall: { minRate: 1024, windowMs: 30_000 },
    attempts,
    maxRetryAfter: 60_000,
    onWarning: (warning) => warnings.push(warning),
  };
  const transport = createTransport();
  const tokens = new TokenCache(clock);
  const addresses = new AddressPolicy();
  const hostOf = (server: TestRegistry, isMirror: boolean): RegistryHost => ({
    registry: registry.host,
    base: new URL(`${server.origin}/v2/`),
    capabilities: new Set(isMirror ? mirrorCapabilities : ["pull", "resolve"]),
    isMirror,
    headers: {},
  });
  const hosts = [...mirrors.map((mirror) => hostOf(mirror, true)), hostOf(registry, false)];
  const credentials = options.credentials ?? ANONYMOUS;
  const openSessions = () =>
    Promise.resolve(
      hosts.map((host) =>
        openSession(host, reference.repository, credentials, { transport, tokens, addresses })
      ),
    );
  return {
    remote: openRemote(reference, { openSessions, transport, addresses, context }),
    reference,
    clock,
    context,
    warnings,
    [Symbol.dispose]: () => transport.close(),
  };
}

/** Returns bytes that look random and depend only on the seed. */
export function someBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    bytes[i] = state >> 16;
  }
  return bytes;
}

/** Stores a blob at registries. @returns its descriptor as a layer */
export async function pushBlob(
  bytes: Uint8Array<ArrayBuffer>,
  ...registries: readonly TestRegistry[]
): Promise<Descriptor> {
  const blob = await memoryBlob(bytes);
  for (const { content } of registries) content.repository(REPOSITORY).blobs.set(blob.digest, blob);
  return {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: blob.digest,
    size: bytes.length,
  };
}

/** The result of {@linkcode fetchAll}. */
export interface Fetched {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly events: readonly TransferEvent[];
  readonly host: string;
}

/** Fetches a blob and reads it to its end. */
export async function fetchAll(
  { remote }: TestRemote,
  descriptor: Descriptor,
  offset = 0,
  signal = neverAborted(),
): Promise<Fetched> {
  const events: TransferEvent[] = [];
  using body = await remote.fetch(descriptor, { offset, onEvent: (event) => events.push(event) }, signal);
  const bytes = new Uint8Array(descriptor.size + 10);
  const length = await readTo(body, bytes, bytes.length);
  return { offset: body.offset, bytes: bytes.subarray(0, length), events, host: body.host };
}

/** Reads up to `want` bytes into `buffer`. @returns their number, which is smaller only at the end */
export async function readTo(body: FetchBody, buffer: Uint8Array, want: number): Promise<number> {
  let length = 0;
  while (length < want) {
    const n = await body.read(buffer.subarray(length, want));
    if (n === null) break;
    length += n;
  }
  return length;
}
