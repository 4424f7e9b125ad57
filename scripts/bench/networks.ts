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
  /** Keys of the work that says something there: the rest waits for the same bytes, whoever carries them. */
  readonly works: string;
}

const MB = 1_000_000;

/** All of them, by their names on the command line. */
export const NETWORKS: Readonly<Record<string, Line>> = {
  loopback: { what: "loopback", works: "ABCD" },
  tls: { what: "TLS", tls: true, works: "ABCD" },
  rtt20: { what: "20 ms", network: { rtt: 20 }, works: "CD" },
  rtt100: { what: "100 ms", network: { rtt: 100 }, works: "CD" },
  slow: {
    what: "20 MB/s per connection",
    network: { rtt: 0, bandwidth: { bytes: 20 * MB, of: "connection" } },
    works: "S",
  },
  link20: {
    what: "20 MB/s in all, 20 ms",
    network: { rtt: 20, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
  },
  link100: {
    what: "20 MB/s in all, 100 ms",
    network: { rtt: 100, bandwidth: { bytes: 20 * MB, of: "link" } },
    works: "S",
  },
};
