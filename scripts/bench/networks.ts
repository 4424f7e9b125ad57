/**
 * The networks that work is raced over.
 *
 * @module
 */
import type { Network } from "./proxy.ts";

/** A way from the registry to its clients. */
export interface Line {
  readonly what: string;
  readonly tls?: boolean;
  /** What a proxy makes of loopback. */
  readonly network?: Network;
  /** Keys of the work that says something there. */
  readonly works: string;
  /** Keys of the work that goes there too, once, if everything is asked for: it waits for the same bytes, whoever carries them. */
  readonly beside: string;
}

const MB = 1_000_000;

/** The line in a title; work that goes there only beside the rest goes once. */
export function whereOf({ what, works }: Line, key: string): string {
  return works.includes(key) ? what : `${what} (once)`;
}

/** What leads to a registry. */
export interface Way {
  /** `127.0.0.1:5000`: the registry, or a proxy before it. */
  readonly host: string;
  /** Who signed the registry's certificate; undefined for plain http. */
  readonly caFile: string | undefined;
  /** The key of the line. */
  readonly name: string;
  readonly line: Line;
}

/** All of them, by their names on the command line. */
export const NETWORKS: Readonly<Record<string, Line>> = {
  loopback: { what: "loopback", works: "ABCDEFG", beside: "" },
  tls: { what: "TLS", tls: true, works: "ABCD", beside: "EFG" },
  rtt20: { what: "20 ms", network: { rtt: 20 }, works: "CD", beside: "ABEFG" },
  rtt100: { what: "100 ms", network: { rtt: 100 }, works: "CD", beside: "ABEFG" },
  slow: {
    what: "20 MB/s per connection",
    network: { rtt: 0, bandwidth: { bytes: 20 * MB, of: "connection" } },
    works: "S",
    beside: "ABCDEFG",
  },
  link20: {
    what: "20 MB/s in all, 20 ms",
    network: { rtt: 20, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
    beside: "",
  },
  link100: {
    what: "20 MB/s in all, 100 ms",
    network: { rtt: 100, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
    beside: "",
  },
};
