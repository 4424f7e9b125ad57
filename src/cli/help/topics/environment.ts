/**
 * `dray help environment`
 *
 * @module
 */
import type { VARIABLES } from "../../context/environment.ts";
import { heading, paragraph, terms, type TopicDocument } from "./document.ts";

type Variable = typeof VARIABLES[keyof typeof VARIABLES][number];

/** The meaning of every variable that the program reads. */
export const VARIABLE_MEANINGS: Readonly<Record<Variable, string>> = {
  DRAY_STORE: "The directory of the store, unless --store is given.",
  XDG_DATA_HOME: "An ordinary user's store is in dray/ below this directory. Default: ~/.local/share.",
  XDG_CONFIG_HOME:
    "The user's dray/certs.d and containers/auth.json are below this directory. Default: ~/.config.",
  XDG_RUNTIME_DIR: "podman's containers/auth.json is searched below this directory.",
  HOME: "The user's home directory.",
  USERPROFILE: "The home directory if HOME is not set, as on Windows.",
  DOCKER_CONFIG: "The directory of docker's config.json, which login and logout write. Default: ~/.docker.",
  DOCKER_AUTH_CONFIG:
    "The text of a config.json with credentials, searched before all files. It is not passed on to " +
    "credential helpers.",
  SSL_CERT_FILE: "A PEM file of CA certificates, used instead of the system's.",
  SSL_CERT_DIR: "Directories with PEM files of further CA certificates, separated by colons.",
  REGISTRY_AUTH_FILE: "A credential file that is searched before the others.",
  HTTPS_PROXY: "The proxy for https addresses.",
  https_proxy: "The same; takes precedence over HTTPS_PROXY.",
  HTTP_PROXY: "The proxy for http addresses.",
  http_proxy: "The same; takes precedence over HTTP_PROXY.",
  NO_PROXY: "Hosts, domains, addresses and networks that are reached without a proxy, separated by commas.",
  no_proxy: "The same; takes precedence over NO_PROXY.",
  ALL_PROXY: "Not used for registries; passed on to credential helpers.",
  all_proxy: "The same.",
  NO_COLOR: "If set, nothing is printed in colour.",
  CI: "If set, progress is printed as log lines, even on a terminal; false and 0 count as unset.",
  TERM: "If it is dumb, progress is printed as log lines.",
  OTEL_DENO: "If it is true, a server sends traces through the runtime's telemetry.",
};

/** Variables that the Deno runtime reads, not dray itself. */
export const RUNTIME_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT:
    "The address to which OTLP traces are sent; the other OTEL_ variables apply too.",
  DENO_NO_UPDATE_CHECK:
    "If it is 1, deno run doesn't check dl.deno.land for a new version, which it otherwise does once a " +
    "day, half a second into a run. The compiled binary never does it.",
} as const;

/** The contents of the topic. */
export const ENVIRONMENT_TOPIC: TopicDocument = [
  paragraph("Empty variables count as unset, and relative paths in XDG_ variables are ignored."),
  terms(Object.entries(VARIABLE_MEANINGS)),
  heading("Variables of the Deno runtime"),
  terms(Object.entries(RUNTIME_VARIABLES)),
];
