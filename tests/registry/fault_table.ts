/**
 * The fault table: pulls an image from a registry with one fault, and reports how the pull ends.
 *
 * @module
 */
import { abortScope, neverAborted } from "../../src/base/concurrency/abort.ts";
import { MIB } from "../../src/base/bytes.ts";
import { messageOf } from "../../src/base/errors.ts";
import { exitCodeOf } from "../../src/cli/table/exit_codes.ts";
import { createHosts } from "../../src/hosts/hosts.ts";
import { type Clock, SYSTEM_CLOCK } from "../../src/http/clock.ts";
import { pullImage } from "../../src/image/pull/pull.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { openRegistryClient } from "../../src/registry/registry.ts";
import { openStore } from "../../src/store/store.ts";
import { buildIndex, type TestIndex } from "../images/mod.ts";
import {
  FAULT_TARGETS,
  FAULT_TIMES,
  type FaultCase,
  type FaultTarget,
  type FaultTimes,
  HOP,
} from "./fault_cases.ts";
import type { FaultMatch } from "./plan.ts";
import { startRegistry } from "./registry.ts";
import { startResetRelay } from "./reset_relay.ts";
import type { Exchange } from "./server.ts";

/** Times in milliseconds and attempts, small enough that a stalled pull ends within seconds. */
const SETTINGS = { stallWindow: 900, headTimeout: 900, attempts: 5 };
/** A pull that takes longer hangs. */
const LIMIT_MS = 30_000;
const REPOSITORY = "team/app";
const TAG = "v1";
const PLATFORM = parsePlatform("linux/amd64");

/** How one pull ended. */
export interface FaultResult {
  readonly case: FaultCase;
  readonly target: FaultTarget;
  readonly times: FaultTimes;
  /** The exit code of `dray pull`; 0 means that the pull succeeded, and -1 that it didn't end. */
  readonly exit: number;
  readonly expectedExit: number;
  /** Requests to the registry. */
  readonly requests: number;
  readonly ms: number;
  /** The error line, or "". */
  readonly error: string;
}

/** Returns the image that all pulls of a table use. */
export async function buildFaultImage(): Promise<TestIndex> {
  return await buildIndex({
    platforms: ["linux/amd64"],
    image: { layers: [{ size: 20_000 }, { size: MIB }] },
  });
}

/** Pulls `image` once for each number of times and each target of a case. */
export async function runFaultCase(test: FaultCase, image: TestIndex): Promise<readonly FaultResult[]> {
  const cells = (test.targets ?? FAULT_TARGETS).flatMap((target) =>
    (Object.keys(FAULT_TIMES) as FaultTimes[]).map((times) => runCell(test, target, times, image))
  );
  return await Promise.all(cells);
}

/** Reports whether a result is the expected one. */
export function isAsExpected({ exit, expectedExit }: FaultResult): boolean {
  return exit === expectedExit;
}

async function runCell(
  test: FaultCase,
  target: FaultTarget,
  times: FaultTimes,
  image: TestIndex,
): Promise<FaultResult> {
  const root = await Deno.makeTempDir({ prefix: "dray-faults-" });
  await using relay = await startResetRelay();
  await using registry = await startRegistry({ onReset: relay.reset });
  relay.forwardTo(registry.host);
  registry.push(REPOSITORY, TAG, image);
  const reference = referenceOf(target, image);
  const match: FaultMatch = { method: "GET", reference, times: Infinity };
  const { fault, rangeFault } = test;
  if (rangeFault !== undefined) registry.fault({ ...match, ranged: true }, rangeFault);
  registry.fault({ ...match, when: counting(FAULT_TIMES[times]) }, fault);
  using client = disposable(openRegistryClient(SETTINGS, createHosts({}), skippingClock()));
  using limit = abortScope(neverAborted());
  const timer = setTimeout(() => limit.abort(new DOMException("The pull hangs", "TimeoutError")), LIMIT_MS);
  const startedAt = performance.now();
  let exit = 0;
  let error = "";
  try {
    const deps = { store: await openStore(root), registry: client };
    const name = `${test.canReset ? relay.host : registry.host}/${REPOSITORY}:${TAG}`;
    await pullImage(deps, name, { platform: PLATFORM, signal: limit.signal });
  } catch (cause) {
    exit = limit.signal.aborted ? -1 : exitCodeOf(cause);
    error = messageOf(cause);
  } finally {
    clearTimeout(timer);
    // Ends connections that are still being opened in advance.
    limit.abort(new DOMException("The pull has ended", "AbortError"));
    await Deno.remove(root, { recursive: true });
  }
  const position = Object.keys(FAULT_TIMES).indexOf(times);
  const expectedExit = (test.exceptions?.[target] ?? test.exits)[position] ?? 0;
  const ms = performance.now() - startedAt;
  return { case: test, target, times, exit, expectedExit, requests: registry.requests.all.length, ms, error };
}

function referenceOf(target: FaultTarget, image: TestIndex): string | Digest {
  const [only] = image.images;
  const [small, large] = only?.layers ?? [];
  const references = {
    tag: TAG,
    manifest: only?.root.digest,
    small: small?.descriptor.digest,
    large: large?.descriptor.digest,
  };
  return references[target] ?? "";
}

/** Accepts `times` requests and all that their redirects cause. */
function counting(times: number): (exchange: Exchange) => boolean {
  let left = times;
  return ({ request }) => request.url.searchParams.has(HOP) || left-- > 0;
}

/** The system's clock, but a wait between attempts only advances it. */
function skippingClock(): Clock {
  let skipped = 0;
  return {
    ...SYSTEM_CLOCK,
    now: () => Date.now() + skipped,
    elapsed: () => performance.now() + skipped,
    async sleep(ms, signal) {
      skipped += ms;
      await SYSTEM_CLOCK.sleep(0, signal);
    },
  };
}

function disposable<T extends { close(): void }>(client: T): T & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}
