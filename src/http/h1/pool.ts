/**
 * The connections to one server.
 *
 * @module
 */
import { abortable } from "../../base/abort.ts";
import { type ConnectionTarget, type Http1Connection, openWithin } from "./connection.ts";

/** The runtime's client tries a name's addresses side by side; we try one, and leave it to that one after so long, in milliseconds. */
const CONNECT_MAX_MS = 3_000;
/** Most servers close what is idle for a minute or more. */
const IDLE_MAX_MS = 30_000;
/** A program that is younger does without the sweep: its first `setTimeout` would cost it 8 of these milliseconds. */
const BRIEF_MS = 1_000;

/** Idle connections to one server, made with the same trust. Close it. */
export class ConnectionPool {
  readonly #target: ConnectionTarget;
  /** Connections that are being opened ahead and that nobody has claimed, each with the signal that it is opened by. */
  readonly #coming = new Map<Promise<Http1Connection | undefined>, AbortSignal>();
  #idle: { readonly connection: Http1Connection; readonly since: number }[] = [];
  /** The least time from a request to its answer, in milliseconds: no less than a round trip. */
  #latency = Infinity;
  #keepsAlive = false;
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** A pool with no connection yet. */
  constructor(target: ConnectionTarget) {
    this.#target = target;
  }

  /** Whether a request to `url` may go over its connections. */
  serves(url: URL, caCerts: readonly string[]): boolean {
    const own = this.#target;
    return own.url.origin === url.origin && own.caCerts.length === caCerts.length &&
      own.caCerts.every((cert, i) => cert === caCerts[i]);
  }

  /** The least time that an answer took, in milliseconds; 0 before the first. */
  get latency(): number {
    return this.#latency === Infinity ? 0 : this.#latency;
  }

  /** Whether the server keeps connections for further requests. */
  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  /** An answer took so many milliseconds. */
  noteLatency(ms: number): void {
    this.#latency = Math.min(this.#latency, ms);
  }

  /** A connection has served a request, and is kept for another. */
  noteUse(connection: Http1Connection): void {
    connection.uses++;
    this.#keepsAlive = true;
  }

  /**
   * Opens connections ahead of the requests that will want them.
   *
   * @throws nothing: what can't be opened ahead is tried again when it is wanted
   */
  async warm(count: number, headTimeout: number, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, async () => {
      const coming = this.#openNew(headTimeout, signal).catch(() => undefined);
      this.#coming.set(coming, signal);
      const connection = await coming;
      const isClaimed = !this.#coming.delete(coming);
      if (connection !== undefined && !isClaimed) this.putBack(connection);
    }));
  }

  /** The connection that was used last, if one is idle and not for so long that its server may have left. */
  takeIdle(): Http1Connection | undefined {
    const last = this.#idle.pop();
    if (last === undefined || last.since > Date.now() - IDLE_MAX_MS) return last?.connection;
    // The others have been idle for longer.
    for (const { connection } of [last, ...this.#idle.splice(0)]) connection.close();
    return undefined;
  }

  /**
   * Opens a connection, or waits for one that is being opened ahead; undefined if that fails.
   *
   * @throws the signal's reason
   */
  async open(headTimeout: number, signal: AbortSignal): Promise<Http1Connection | undefined> {
    signal.throwIfAborted();
    const [claimed] = this.#coming;
    if (claimed === undefined) return await this.#openNew(headTimeout, signal);
    const [coming, opener] = claimed;
    this.#coming.delete(coming);
    try {
      const connection = await abortable(coming, signal);
      // What failed by itself would fail once more, and take its time again.
      if (connection !== undefined || !opener.aborted) return connection;
      return await this.#openNew(headTimeout, signal);
    } catch (error) {
      coming.then((connection) => connection && this.putBack(connection));
      throw error;
    }
  }

  async #openNew(headTimeout: number, signal: AbortSignal): Promise<Http1Connection | undefined> {
    signal.throwIfAborted();
    try {
      return await openWithin(this.#target, Math.min(CONNECT_MAX_MS, headTimeout), signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Takes a connection that no response is on. */
  putBack(connection: Http1Connection): void {
    // Bytes that no request asked for would be taken for the next answer.
    if (this.#isClosed || connection.isClosed || connection.hasUnread) return connection.close();
    this.#idle.push({ connection, since: Date.now() });
    this.#startSweep();
  }

  /** Closes idle connections, now and from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
    if (this.#sweep === undefined) return;
    clearTimeout(this.#sweep);
    this.#sweep = undefined;
  }

  /** The timer is left alone while connections come and go: setting and clearing it costs as much as a request. */
  #startSweep(): void {
    if (this.#sweep !== undefined || performance.now() < BRIEF_MS) return;
    const timer = setTimeout(() => {
      this.#sweep = undefined;
      const oldest = Date.now() - IDLE_MAX_MS;
      for (const { connection, since } of this.#idle) if (since <= oldest) connection.close();
      this.#idle = this.#idle.filter(({ since }) => since > oldest);
      if (this.#idle.length > 0) this.#startSweep();
    }, IDLE_MAX_MS);
    // An idle connection must not keep the program.
    Deno.unrefTimer(timer);
    this.#sweep = timer;
  }
}
