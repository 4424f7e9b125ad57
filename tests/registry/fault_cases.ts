/**
 * The faults of the fault table, and the expected result of each.
 *
 * @module
 */
import {
  contentLength,
  cutAfter,
  digestHeader,
  drip,
  extraBytes,
  type Fault,
  garbage,
  hangUp,
  headers,
  missingBytes,
  noResponse,
  redirectTo,
  resetAfter,
  stallAfter,
  status,
  tooManyRequests,
  webPage,
  withoutLength,
  wrongByte,
} from "./faults.ts";
import { ignoreRange } from "./plan.ts";

/** What a fault applies to: a document by its tag or digest, and a blob of a few KiB or one MiB. */
export const FAULT_TARGETS = ["tag", "manifest", "small", "large"] as const;
export type FaultTarget = typeof FAULT_TARGETS[number];

/** How often it applies. */
export const FAULT_TIMES = { once: 1, several: 2, always: Infinity } as const;
export type FaultTimes = keyof typeof FAULT_TIMES;

/** The exit code per number of times. */
export type FaultExits = readonly [once: number, several: number, always: number];

/** One row of the table. */
export interface FaultCase {
  readonly name: string;
  readonly fault: Fault;
  /** Applied to every request for a range. */
  readonly rangeFault?: Fault;
  readonly exits: FaultExits;
  /** Exit codes that differ for a target. */
  readonly exceptions?: Partial<Record<FaultTarget, FaultExits>>;
  /** Whether the fault resets connections. @default {false} */
  readonly canReset?: boolean;
  /** @default all */
  readonly targets?: readonly FaultTarget[];
}

/** The fault changes nothing that matters. */
const HARMLESS: FaultExits = [0, 0, 0];
/** Another request helps. */
const NETWORK: FaultExits = [0, 0, 5];
const INTEGRITY: FaultExits = [0, 0, 6];
const FAILED: FaultExits = [0, 0, 1];
/** A name that isn't found or permitted isn't requested again; content that a document names is. */
const MISSING = { exits: [0, 0, 3], exceptions: { tag: [3, 3, 3] } } as const;
const FORBIDDEN = { exits: [0, 0, 4], exceptions: { tag: [4, 4, 4] } } as const;
/** Without a challenge, no other request can succeed. */
const UNAUTHORIZED: FaultExits = [4, 4, 4];

/** In the middle of the smallest document. */
const MIDDLE = 200;
/** Of a body that breaks off. */
const PART = 0.6;
const PARTS: readonly FaultTarget[] = ["small", "large"];
/** Each attempt delivers new bytes. */
const PROGRESS = { small: HARMLESS, large: HARMLESS };

const BODIES: readonly FaultCase[] = [
  { name: "body cut", fault: partly(cutAfter), exits: NETWORK, exceptions: PROGRESS },
  { name: "body cut at its first byte", fault: cutAfter(0), exits: NETWORK },
  { name: "reset before the body", fault: resetAfter(0), canReset: true, exits: NETWORK },
  {
    name: "reset in the body",
    fault: partly(resetAfter),
    canReset: true,
    exits: NETWORK,
    exceptions: PROGRESS,
  },
  { name: "closed without a response", fault: hangUp(), exits: NETWORK },
  { name: "stalled before the head", fault: noResponse(), exits: NETWORK },
  { name: "stalled before the body", fault: stallAfter(0), exits: NETWORK },
  { name: "stalled in the body", fault: stallAfter(MIDDLE), exits: NETWORK },
  { name: "dripped", fault: drip(2, 20), exits: NETWORK },
  { name: "too short", fault: missingBytes(), exits: INTEGRITY, exceptions: { tag: INTEGRITY } },
  { name: "too long", fault: extraBytes(), exits: INTEGRITY },
  { name: "wrong bytes", fault: wrongByte(MIDDLE), exits: INTEGRITY },
  { name: "garbage instead of HTTP", fault: garbage(), exits: NETWORK },
];

const STATUSES: readonly FaultCase[] = [
  { name: "401", fault: status(401), exits: UNAUTHORIZED },
  { name: "401 with a page", fault: webPage(401), exits: UNAUTHORIZED },
  { name: "403", fault: status(403), ...FORBIDDEN },
  { name: "403 with a page", fault: webPage(403), ...FORBIDDEN },
  { name: "404", fault: status(404), ...MISSING },
  { name: "404 with a page", fault: webPage(404), ...MISSING },
  ...[408, 429, 500, 502, 503].flatMap((code): FaultCase[] => [
    { name: String(code), fault: status(code), exits: NETWORK },
    { name: `${code} with a page`, fault: webPage(code), exits: NETWORK },
  ]),
  { name: "429, Retry-After: 2", fault: tooManyRequests(2), exits: NETWORK },
  { name: "429, Retry-After: a date", fault: retryAtDate, exits: NETWORK },
  { name: "503, Retry-After: 2", fault: status(503, { "retry-after": "2" }), exits: NETWORK },
];

const REDIRECTS: readonly FaultCase[] = [
  {
    name: "redirect to another host",
    fault: hops(1, (url) => url.replace("127.0.0.1", "localhost")),
    exits: HARMLESS,
  },
  { name: "redirect, relative", fault: hops(1, (url) => url.slice(url.indexOf("/", 8))), exits: HARMLESS },
  { name: "redirect, 5 hops", fault: hops(5), exits: HARMLESS },
  { name: "redirect, 25 hops", fault: hops(25), exits: NETWORK },
  { name: "redirect in a loop", fault: hops(Infinity), exits: NETWORK },
  { name: "redirect to a dead host", fault: redirectTo("http://127.0.0.1:2"), exits: NETWORK },
  { name: "redirect to file:", fault: redirectTo(() => "file:///etc/hostname"), exits: NETWORK },
  { name: "redirect without Location", fault: () => ({ status: 307, headers: {} }), exits: NETWORK },
];

const HEADERS: readonly FaultCase[] = [
  { name: "no Content-Type", fault: headers({ "content-type": undefined }), exits: HARMLESS },
  { name: "wrong Content-Type", fault: headers({ "content-type": "text/html" }), exits: HARMLESS },
  { name: "no Content-Length, chunked", fault: withoutLength(), exits: HARMLESS },
  { name: "no Content-Length, closed", fault: withoutLength("close"), exits: HARMLESS },
  { name: "Content-Length too large", fault: wrongLength(1), exits: INTEGRITY, exceptions: { tag: NETWORK } },
  { name: "Content-Length too small", fault: wrongLength(-1), exits: INTEGRITY },
  { name: "no digest header", fault: digestHeader(undefined), exits: HARMLESS },
  {
    name: "wrong digest header",
    fault: digestHeader(`sha256:${"0".repeat(64)}`),
    exits: HARMLESS,
    exceptions: { tag: INTEGRITY },
  },
  {
    name: "Content-Encoding gzip of unencoded bytes",
    fault: headers({ "content-encoding": "gzip" }),
    exits: HARMLESS,
  },
  {
    name: "unknown Content-Encoding of unencoded bytes",
    fault: headers({ "content-encoding": "x-other" }),
    exits: HARMLESS,
    exceptions: { tag: FAILED },
  },
];

const RANGES: readonly FaultCase[] = [
  ["ignored", ignoreRange, HARMLESS] as const,
  ...[400, 403, 404, 416, 500].map((code) => [`refused with ${code}`, status(code), [0, 0, 5]] as const),
  ["closed without a response", hangUp(), [0, 0, 5]] as const,
  ["with other bytes", otherBytes, [0, 0, 5]] as const,
  ["of other offsets", shiftedRange, [0, 0, 5]] as const,
].map(([name, rangeFault, exits]) => ({
  name: `body cut, ranges ${name}`,
  fault: partly(cutAfter),
  rangeFault,
  exits,
  targets: PARTS,
}));

/** All rows of the table. */
export const FAULT_GROUPS: Readonly<Record<string, readonly FaultCase[]>> = {
  "bodies": BODIES,
  "statuses": STATUSES,
  "redirects": REDIRECTS,
  "headers": HEADERS,
  "ranges": RANGES,
};

/** Sends a part of the body before the fault. */
function partly(fault: (bytes: number) => Fault): Fault {
  return (response, exchange) => fault(Math.ceil((response.body?.size ?? 0) * PART))(response, exchange);
}

function retryAtDate(...args: Parameters<Fault>): ReturnType<Fault> {
  return tooManyRequests(new Date(Date.now() + 3_000).toUTCString())(...args);
}

function wrongLength(by: number): Fault {
  return (response, exchange) => contentLength((response.body?.size ?? 0) + by)(response, exchange);
}

/** Redirects `count` times to the same path with a counter, then sends the response. */
function hops(count: number, change: (url: string) => string = (url) => url): Fault {
  return (response, exchange) => {
    const url = new URL(exchange.request.url);
    const hop = Number(url.searchParams.get(HOP) ?? 0);
    if (hop >= count) return response;
    url.searchParams.set(HOP, String(hop + 1));
    return { status: 307, headers: { location: change(url.href) } };
  };
}

/** The query parameter of a request that a redirect of this table caused. */
export const HOP = "hop";

function otherBytes(...[response, exchange]: Parameters<Fault>): ReturnType<Fault> {
  return wrongByte((response.body?.offset ?? 0) + 1)(response, exchange);
}

/** Sends the right range under the Content-Range of another one. */
function shiftedRange(...[response]: Parameters<Fault>): ReturnType<Fault> {
  const range = response.headers["content-range"] ?? "";
  const shifted = range.replace(/[0-9]+/, (first) => String(Number(first) + 1));
  return { ...response, headers: { ...response.headers, "content-range": shifted } };
}
