/**
 * The help topics. The contents of a topic are loaded only when it is shown.
 *
 * @module
 */
import type { CommandGroup } from "../table/types.ts";
import type { TopicDocument } from "./topics/document.ts";

/** A help topic. */
export interface Topic {
  /** The group of commands whose help mentions it. */
  readonly group: CommandGroup;
  /** One line, no full stop. */
  readonly summary: string;
  load(): Promise<TopicDocument>;
}

/** All topics by name. `permissions` is also a command; `dray help permissions` shows both. */
export const TOPICS = {
  references: {
    group: "registry",
    summary: "Image references, ids and platforms",
    load: async () => (await import("./topics/references.ts")).REFERENCES_TOPIC,
  },
  pulling: {
    group: "registry",
    summary: "Verification, retries, resuming and parallel downloads",
    load: async () => (await import("./topics/pulling.ts")).PULLING_TOPIC,
  },
  configuration: {
    group: "registry",
    summary: "Certificates, hosts.toml, credentials and proxies",
    load: async () => (await import("./topics/configuration.ts")).CONFIGURATION_TOPIC,
  },
  environment: {
    group: "program",
    summary: "Environment variables",
    load: async () => (await import("./topics/environment.ts")).ENVIRONMENT_TOPIC,
  },
  files: {
    group: "store",
    summary: "Files, the layout of the store and its guarantees",
    load: async () => (await import("./topics/files.ts")).FILES_TOPIC,
  },
  permissions: {
    group: "program",
    summary: "Permissions of the Deno runtime",
    load: async () => (await import("./topics/permissions.ts")).PERMISSIONS_TOPIC,
  },
  kubernetes: {
    group: "node",
    summary: "Setting up the Kubernetes image service",
    load: async () => (await import("./topics/kubernetes.ts")).KUBERNETES_TOPIC,
  },
  events: {
    group: "node",
    summary: "Progress displays, and the JSON events of a pull",
    load: async () => (await import("./topics/events.ts")).EVENTS_TOPIC,
  },
  json: {
    group: "program",
    summary: "JSON that commands, messages and the server's log print",
    load: async () => (await import("./topics/json.ts")).JSON_TOPIC,
  },
  metrics: {
    group: "node",
    summary: "Metrics that a server exports for Prometheus",
    load: async () => (await import("./topics/metrics.ts")).METRICS_TOPIC,
  },
  "exit-codes": {
    group: "program",
    summary: "Exit codes",
    load: async () => (await import("./topics/exit_codes.ts")).EXIT_CODES_TOPIC,
  },
} as const satisfies Readonly<Record<string, Topic>>;

/** The names of all topics. */
export const TOPIC_NAMES: readonly string[] = Object.keys(TOPICS);

/** Returns the topic of a name; undefined if there is none. */
export function findTopic(name: string): Topic | undefined {
  const topics: Readonly<Record<string, Topic>> = TOPICS;
  return Object.hasOwn(topics, name) ? topics[name] : undefined;
}
