/**
 * The networks that the benchmark pulls over.
 *
 * @module
 */
import type { Link } from "./proxy.ts";

/** A network between the registry and its clients. */
export interface Network {
  readonly title: string;
  readonly tls?: boolean;
  /** The link that a proxy simulates; undefined for loopback without a proxy. */
  readonly link?: Link;
  /** Keys of the workloads that run over this network by default. */
  readonly workloads: string;
  /** Keys of the workloads that run once with `--every`. The network limits them, so all programs take about as long. */
  readonly extraWorkloads: string;
}

const MB = 1_000_000;

/** Returns the title of a network in a table of the workload `key`; it says if the workload runs only once. */
export function titleOf({ title, workloads }: Network, key: string): string {
  return workloads.includes(key) ? title : `${title} (once)`;
}

/** How a program reaches the registry. */
export interface Route {
  /** Host and port of the registry, or of the proxy in front of it: `127.0.0.1:5000`. */
  readonly host: string;
  /** A PEM file with the CA certificate of the registry; undefined for plain HTTP. */
  readonly caFile: string | undefined;
  /** The key of the network in {@linkcode NETWORKS}. */
  readonly name: string;
  readonly network: Network;
}

/** All networks, by their names on the command line. */
export const NETWORKS: Readonly<Record<string, Network>> = {
  loopback: { title: "loopback", workloads: "ABCDEFG", extraWorkloads: "" },
  tls: { title: "TLS", tls: true, workloads: "ABCD", extraWorkloads: "EFG" },
  rtt20: { title: "20 ms", link: { rtt: 20 }, workloads: "CD", extraWorkloads: "ABEFG" },
  rtt100: { title: "100 ms", link: { rtt: 100 }, workloads: "CD", extraWorkloads: "ABEFG" },
  slow: {
    title: "20 MB/s per connection",
    link: { rtt: 0, bandwidth: { bytes: 20 * MB, per: "connection" } },
    workloads: "S",
    extraWorkloads: "ABCDEFG",
  },
  link20: {
    title: "20 MB/s in total, 20 ms",
    link: { rtt: 20, bandwidth: { bytes: 20 * MB, per: "link" } },
    workloads: "S",
    extraWorkloads: "",
  },
  link100: {
    title: "20 MB/s in total, 100 ms",
    link: { rtt: 100, bandwidth: { bytes: 20 * MB, per: "link" } },
    workloads: "S",
    extraWorkloads: "",
  },
};
