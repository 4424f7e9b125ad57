/**
 * Reads a server's `/progress`: server-sent events (HTML standard, 9.2) over HTTP/1.
 *
 * @module
 */
// @ts-types="./text_line_stream.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
import { KIB } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { parseStatusLine } from "../../http/message/message_head.ts";
import type { HttpAddress } from "./sockets.ts";

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Lines have a few kB; the plan of many layers has more. Stops: an endless line from some other kind of
 * server.
 */
const LINE_MAX_CHARACTERS = 4096 * KIB;
/** Characters of the head, or of one event. Stops: endless short lines. */
const EVENT_MAX_CHARACTERS = 4096 * KIB;
/** A server sends at least a comment every 15 s. Stops: waiting forever for a server that hangs. */
const SILENCE_MS = 60_000;

/**
 * Requests a page of events and yields them as they arrive, until the server ends the response.
 *
 * @param shown the address, for errors
 * @param silenceMs milliseconds after which a server that sends nothing is considered to hang
 * @throws AppError `network`, or the signal's reason
 */
export async function* readEvents(
  address: HttpAddress,
  shown: string,
  path: string,
  signal: AbortSignal,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<ServerEvent> {
  const fail = (why: string, cause?: unknown) =>
    new AppError("network", `Cannot read the progress at "${shown}": ${why}`, { cause });
  let conn: Deno.Conn;
  try {
    conn = await (address.transport === "unix" ? Deno.connect(address) : Deno.connect(address));
  } catch (cause) {
    throw fail(`${messageOf(cause)}; check that a server with --http is running there`, cause);
  }
  const lines = conn.readable
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array<ArrayBuffer>, string>, { signal })
    .pipeThrough(limitLines(() => fail("the response is not a stream of events")))
    .pipeThrough(new TextLineStream());
  const reader = lines.getReader();
  try {
    await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.0\r\naccept: text/event-stream\r\n\r\n`));
    const silent = () => fail(`the server has sent nothing for ${silenceMs / 1000} s`);
    const { value: status = "" } = await withinTime(reader.read(), silenceMs, silent);
    if (parseStatusLine(status)?.status !== 200) throw fail(`the response is "${status.slice(0, 80)}"`);
    let isHead = true;
    let fields: string[] = [];
    let characters = 0;
    for (;;) {
      const { done, value: line = "" } = await withinTime(reader.read(), silenceMs, silent);
      if (done) return;
      characters += line.length + 1;
      if (characters > EVENT_MAX_CHARACTERS) throw fail("the response is not a stream of events");
      if (line !== "") fields.push(line);
      else {
        if (!isHead) yield* eventIn(fields);
        isHead = false;
        fields = [];
        characters = 0;
      }
    }
  } finally {
    // Closes the connection, also when the consumer stops early. An aborted stream has already failed with
    // the reason.
    await reader.cancel().catch(() => {});
  }
}

async function withinTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Fails at a line longer than the limit: `TextLineStream` buffers lines of any length. */
function limitLines(tooLong: () => Error): TransformStream<string, string> {
  let length = 0;
  return new TransformStream({
    transform(text, controller) {
      const end = text.lastIndexOf("\n");
      length = end < 0 ? length + text.length : text.length - end - 1;
      if (length > LINE_MAX_CHARACTERS) throw tooLong();
      controller.enqueue(text);
    },
  });
}

/** An event without data, such as a comment, yields nothing. */
function* eventIn(lines: readonly string[]): Generator<ServerEvent> {
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const data = field("data").join("\n");
  if (data !== "") yield { event: field("event")[0] ?? "message", data };
}
