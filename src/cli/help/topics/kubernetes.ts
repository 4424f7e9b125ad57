/**
 * `dray help kubernetes`
 *
 * @module
 */
import { DEFAULT_SOCKET } from "../../serve/sockets.ts";
import { code, heading, paragraph, type TopicDocument } from "./document.ts";

/** The configuration of crictl. */
export const CRICTL_YAML = `
image-endpoint: unix://${DEFAULT_SOCKET}
runtime-endpoint: unix://${DEFAULT_SOCKET} # or that of the container runtime
timeout: 10
`;

/** The command line of the server in the unit below. */
export const SERVE_LINE = `dray serve cri --socket ${DEFAULT_SOCKET} --http 127.0.0.1:9323`;

/** The systemd unit of the server. */
export const SYSTEMD_UNIT = `
[Unit]
Description=dray, an image service for the Kubernetes CRI
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/local/bin/${SERVE_LINE}
RuntimeDirectory=dray
StateDirectory=dray
Restart=on-failure
TimeoutStopSec=45

[Install]
WantedBy=multi-user.target
`;

/** The contents of the topic. */
export const KUBERNETES_TOPIC: TopicDocument = [
  code(`
${SERVE_LINE}
crictl --image-endpoint unix://${DEFAULT_SOCKET} pull nginx
`),
  paragraph(
    "The server implements CRI runtime.v1 and runtime.v1alpha2 (the image service, plus the runtime calls",
    "that clients make before they start) over its own gRPC implementation. grpc.health.v1 and server",
    "reflection are available, so grpcurl works.",
  ),
  paragraph(
    "dray pull and the server can use one store at the same time. Credentials come with each request;",
    "--auth-file covers requests that bring none. dray pin NAME protects an image from the kubelet's",
    "garbage collection.",
  ),
  paragraph(
    "With --http, /metrics is for Prometheus, and /progress streams every running pull as server-sent",
    'events; dray progress --follow shows them as bars, including pulls started by a kubelet. See "dray',
    'help metrics" and "dray help events".',
  ),
  paragraph(
    "On a TCP address, a request must name an IP address, localhost or the host of --http as its Host, and",
    "requests from web pages of other sites are refused. At most 32 clients can follow /progress at a time.",
  ),
  heading("Limitation"),
  paragraph(
    "dray serves images; it does not run containers. A kubelet can use it only beside a runtime that reads",
    "this store (dray mount-options and dray unpack are what such a runtime needs). crictl and other",
    "image-only clients can use it as is.",
  ),
  heading("/etc/crictl.yaml"),
  code(CRICTL_YAML),
  heading("/etc/systemd/system/dray.service"),
  code(SYSTEMD_UNIT),
  heading("Start and stop"),
  paragraph(
    "A stale socket is replaced; if another process is listening, dray refuses and reports its pid. On",
    "SIGTERM, in-flight calls get up to --grace seconds to finish. systemd socket activation is not",
    "supported, because Deno cannot listen on an inherited descriptor.",
  ),
  heading("Traces"),
  paragraph(
    "With OTEL_DENO=true in the environment, each call becomes a span, a child of the client's traceparent",
    "if there is one, and is sent to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP; the other OTEL_ variables apply",
    "too). This is the runtime's own telemetry, so deno run needs nothing else from version 2.6 on; a",
    "compiled binary has it only if OTEL_DENO=true was also set during deno task compile; otherwise it",
    "warns. The log contains the trace id of each call in any case.",
  ),
];
