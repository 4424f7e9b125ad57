/**
 * `dray help events`
 *
 * @module
 */
import type { ProgressEvent, ProgressStamp } from "../../../image/pull/progress_line.ts";
import { code, heading, paragraph, terms, type TopicBlock, type TopicDocument } from "./document.ts";
import { type AnyDescriptions, type FieldDescriptions, fieldRows } from "./fields.ts";

type EventKind = ProgressEvent["event"];
type FieldsOf<E> = E extends unknown ? Omit<E, "event"> : never;

/** The fields of every line. */
export const STAMP_FIELDS = {
  v: [
    "number",
    "The version of these shapes, 1. Unless it grows, fields are only added, never changed or removed.",
  ],
  time: ["string", "The time of the event, RFC 3339 in UTC."],
  name: ["string", "The full name of the image that is pulled."],
} as const satisfies FieldDescriptions<ProgressStamp>;

/** Every event with its meaning. */
export const EVENT_MEANINGS: Readonly<Record<EventKind, string>> = {
  waiting: "The pull has waited for more than a second.",
  resolving: "The digest of the name is requested from the registry.",
  resolved: "The name was resolved.",
  selected: "A manifest was chosen for the platform.",
  planned: "All blobs of the image are known.",
  blob: "A blob changed its state.",
  bytes: "More bytes of a blob were stored; at most four times per second and blob.",
  retry: "An attempt failed and is retried.",
  restart: "The bytes of a blob were discarded; its download restarts from byte 0.",
  warning: "A problem that doesn't stop the pull.",
  recorded: "The image is complete and has its names.",
  end: "The pull has ended. This is the last line.",
};

/** The further fields of every event. Digests are `sha256:…`, offsets and sizes are bytes. */
export const EVENT_FIELDS: {
  readonly [E in EventKind]: FieldDescriptions<FieldsOf<Extract<ProgressEvent, { event: E }>>>;
} = {
  waiting: {
    for: ["string", "collector (rm or gc sweeps the store) or writer (another pull is downloading the blob)"],
    digest: ["string", "the blob; only for writer"],
  },
  resolving: {},
  resolved: {
    digest: ["string", "the digest of the index or manifest"],
    host: ["string", "the host that responded"],
  },
  selected: {
    digest: ["string", "the digest of the manifest"],
    platform: ["string or null", "os/architecture[/variant]"],
  },
  planned: {
    size: ["number", "the size of all blobs together"],
    blobs: ["list of objects", "the blobs, each digest once", {
      digest: ["string", "the digest"],
      size: ["number", "the size"],
      mediaType: ["string", "the media type"],
      role: ["string", "index, manifest, config or layer"],
    }],
  },
  blob: {
    digest: ["string", "the blob"],
    state: ["string", "waiting, fetching, committing, committed, present, unpacking or unpacked"],
    offset: ["number", "bytes stored so far"],
    size: ["number", "the size of the blob"],
    host: ["string or null", "the host that serves the blob, while fetching"],
  },
  bytes: {
    digest: ["string", "the blob"],
    offset: ["number", "bytes stored so far"],
    size: ["number", "the size of the blob"],
  },
  retry: {
    digest: ["string", "the blob; missing while the name is resolved"],
    attempt: ["number", "the number of failed attempts, from 1"],
    offset: ["number", "the byte at which the next attempt resumes"],
    delayMs: ["number", "milliseconds until the next attempt"],
    reason: ["string", "why the attempt failed"],
  },
  restart: { digest: ["string", "the blob"], reason: ["string", "why the bytes were discarded"] },
  warning: { message: ["string", "the warning"] },
  recorded: { names: ["list of strings", "the names of the image"], id: ["string", "the image id"] },
  end: {
    outcome: ["string", "done, failed or interrupted"],
    kept: ["number", "bytes the next pull can resume from"],
  },
};

function eventBlocks(event: EventKind): readonly TopicBlock[] {
  const fields: AnyDescriptions = EVENT_FIELDS[event];
  const rows = fieldRows(fields);
  return [
    heading(`Event ${event}`),
    paragraph(EVENT_MEANINGS[event]),
    ...(rows.length === 0 ? [] : [terms(rows)]),
  ];
}

/** The contents of the topic. */
export const EVENTS_TOPIC: TopicDocument = [
  heading("Displays"),
  paragraph(
    "On a terminal, dray pull shows one line per layer plus a total. In a log, it prints one line per state",
    "change, and a heartbeat every 10 s. --quiet prints only the image id. --progress=json writes one JSON",
    'object per line to standard error; messages are then JSON lines too (see "dray help json").',
  ),
  heading("Fields of every line"),
  terms([...fieldRows(STAMP_FIELDS), [
    "event",
    "string: one of the events below, which add further fields.",
  ]]),
  ...(Object.keys(EVENT_MEANINGS) as EventKind[]).flatMap(eventBlocks),
  heading("/progress of a server"),
  paragraph(
    "dray serve cri --http ADDRESS streams the same objects as server-sent events named progress, with the",
    "further field pull, a string: the number of the pull. The state of all running pulls comes first, then",
    "an event named current, then further events. Comment lines are heartbeats.",
  ),
  code(`
event: progress
data: {"v":1,"time":"2026-01-02T03:04:05.000Z","name":"docker.io/library/nginx:latest","pull":"1","event":"resolving"}

event: current
data: {"v":1,"pulls":1}
`),
];
