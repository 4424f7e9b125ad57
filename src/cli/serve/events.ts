/**
 * Reading a server's `/progress`: server-sent events (HTML standard, 9.2) over HTTP/1.
 *
 * @module
 */
import { abortable } from "../../base/abort.ts";
import { KIB } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { parseMessageHead, parseStatusLine } from "../../http/message/message_head.ts";
import type { HttpAddress } from "./address.ts";

/** One event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Lines are a few kB, a plan of many layers some more. Stops: a line without end from whatever listens there. */
const BUFFER_MAX = 4096 * KIB;

/**
 * Asks for a page of events and gives them as they come, until the server ends.
 *
 * @param shown the address, for errors
 * @throws AppError `network`, or the signal's reason
 */
export async function* readEvents(
  address: HttpAddress,
  shown: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const fail = (why: string, cause?: unknown) =>
    new AppError("network", `Cannot read the progress at "${shown}": ${why}`, { cause });
  let conn: Deno.Conn;
  try {
    conn = await (address.transport === "unix" ? Deno.connect(address) : Deno.connect(address));
  } catch (cause) {
    throw fail(`${messageOf(cause)}; is a server running there, with --http?`, cause);
  }
  try {
    await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.0\r\naccept: text/event-stream\r\n\r\n`));
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(16 * KIB);
    let text = "";
    let isHead = true;
    for (;;) {
      const n = await abortable(conn.read(chunk), signal);
      if (n === null) return;
      text += decoder.decode(chunk.subarray(0, n), { stream: true });
      const parts = text.split(isHead ? "\r\n\r\n" : "\n\n");
      if (isHead && parts.length > 1) {
        const head = parts.shift() ?? "";
        if (statusOf(head) !== 200) throw fail(`the answer is "${head.split("\r\n", 1)[0]?.slice(0, 80)}"`);
        isHead = false;
        parts.splice(0, parts.length, ...parts.join("\r\n\r\n").split("\n\n"));
      }
      text = parts.pop() ?? "";
      if (text.length > BUFFER_MAX) throw fail("what is there doesn't speak of pulls");
      if (!isHead) { for (const part of parts) yield* eventIn(part); }
    }
  } finally {
    conn.close();
  }
}

/** The status of a response head; undefined if it isn't one. */
function statusOf(head: string): number | undefined {
  try {
    return parseStatusLine(parseMessageHead(head).startLine)?.status;
  } catch {
    return undefined;
  }
}

/** Comments have neither name nor data. */
function* eventIn(text: string): Generator<ServerEvent> {
  const field = (name: string) =>
    text.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) =>
      line.slice(name.length + 1).trim()
    );
  const data = field("data").join("\n");
  if (data !== "") yield { event: field("event")[0] ?? "message", data };
}
