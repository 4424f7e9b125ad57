/**
 * The body that mends itself: whatever breaks, it goes on at its byte.
 *
 * @module
 */
import { KIB, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { FetchBody } from "../../content/remote.ts";
import { BodyPlan, type BodyRequest, type Opened } from "./body_plan.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import type { RequestContext } from "../request/perform_request.ts";
import { type OpenRange, ParallelRangeReader, PART_BYTES, WINDOW_MS } from "./parallel_ranges.ts";
import { isRetryableError } from "../request/retry.ts";
import type { Endpoint } from "../request/endpoint.ts";
import { ThroughputMeter } from "./throughput_meter.ts";
import { BandwidthProbe, probeBytesFor } from "./bandwidth_probe.ts";

/** So many bytes since the last failure say that the host serves: what failed before is forgotten. */
const PROGRESS_BYTES = MIB;
/** On a slow line fewer bytes do, if it held for so long, in milliseconds. */
const PROGRESS_TIME = 60_000;
/** What remains before the last part must be worth the connections. */
const SHARED_MIN_BYTES = 3 * PART_BYTES;
/** And it must take so many seconds: new connections need a part of one to get to their speed. */
const SHARED_MIN_SECONDS = 1;
/** For bytes that are read only to be passed over. */
const SKIP_BUFFER_BYTES = 64 * KIB;

/**
 * Opens a body. See {@linkcode FetchBody}.
 *
 * @throws AppError the last failure once nothing is left to try, or the signal's reason
 */
export async function openResumingBody(
  request: BodyRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<FetchBody> {
  const plan = new BodyPlan(request, context, signal);
  const opened = await plan.open(request.offset);
  // Later on, bytes before the wanted one are passed over; here the caller may rather begin again.
  return new MendingBody(plan, opened, opened.first);
}

class MendingBody implements FetchBody {
  readonly offset: number;
  readonly #plan: BodyPlan;
  readonly #size: number;
  #opened: Opened | undefined;
  #host: string;
  /** The next byte to give, and the next one that the connection gives: behind it while bytes are passed over. */
  #position: number;
  #arriving: number;
  /** Where and when the last failure was. */
  #markedAt: number;
  #markedTime: number;
  /** Looks for a reason to share the body out; undefined where that must not be, or did not work. */
  #speedometer: ThroughputMeter | undefined;
  #probe: BandwidthProbe | undefined;
  #team: ParallelRangeReader | undefined;

  constructor(plan: BodyPlan, opened: Opened, offset: number) {
    this.#plan = plan;
    this.#size = plan.request.size;
    this.#opened = opened;
    this.#host = opened.connection.endpoint.host;
    this.offset = offset;
    this.#position = offset;
    this.#arriving = offset;
    this.#markedAt = offset;
    this.#markedTime = plan.context.clock.elapsed();
    if (plan.request.isDominant) this.#speedometer = new ThroughputMeter(plan.context.clock, WINDOW_MS);
  }

  get host(): string {
    return this.#host;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const left = this.#size - this.#position;
    if (left === 0) return await this.#readEnd();
    let room = buffer.length > left ? buffer.subarray(0, left) : buffer;
    for (;;) {
      const tail = this.#probe?.isWhole ? this.#probe : undefined;
      if (tail !== undefined) {
        const ahead = tail.first - this.#position;
        if (ahead <= 0) return this.#readTail(tail, room);
        if (ahead < room.length) room = room.subarray(0, ahead);
      }
      if (this.#team !== undefined) {
        const ahead = this.#team.first - this.#position;
        if (ahead <= 0) {
          const n = await this.#readTeam(this.#team, room);
          if (n !== undefined) return n;
        } else if (ahead < room.length) room = room.subarray(0, ahead);
      }
      const opened = this.#opened ?? await this.#reopen();
      let failure: AppError | undefined;
      try {
        if (this.#arriving < this.#position) await this.#skip(opened.connection);
        this.#speedometer?.enter();
        const n = await opened.connection.read(room);
        if (n !== null) {
          this.#position += n;
          this.#arriving = this.#position;
          this.#lookFor(opened.connection.endpoint, n);
          return n;
        }
      } catch (error) {
        this.#plan.signal.throwIfAborted();
        if (!(error instanceof AppError)) throw error;
        failure = error;
      }
      await this.#mend(opened, failure);
    }
  }

  [Symbol.dispose](): void {
    this.#probe?.[Symbol.dispose]();
    this.#letGo();
  }

  #letGo(): void {
    this.#closeTeam();
    this.#opened?.connection[Symbol.dispose]();
    this.#opened = undefined;
  }

  #closeTeam(): void {
    this.#team?.[Symbol.dispose]();
    this.#team = undefined;
  }

  /** With each read: whether others could help. */
  #lookFor(endpoint: Endpoint, bytes: number): void {
    const speed = this.#speedometer?.leave(bytes);
    const { context, signal } = this.#plan;
    if (speed !== undefined && this.#isWorthSharing(speed)) {
      this.#speedometer = undefined;
      this.#probe = new BandwidthProbe(
        { size: this.#size, speed },
        this.#opener(endpoint),
        context.clock,
        signal,
      );
    } else if (this.#probe !== undefined) {
      this.#probe.note(bytes);
      if (this.#probe.takeWish()) this.#shareOut(this.#opener(endpoint), this.#probe);
    }
  }

  #isWorthSharing(speed: number): boolean {
    const left = this.#size - this.#position;
    return left >= probeBytesFor(speed) + SHARED_MIN_BYTES && left >= speed * SHARED_MIN_SECONDS;
  }

  #opener(endpoint: Endpoint): OpenRange {
    return (first, end, signal) => this.#plan.openRange(endpoint, first, end, signal);
  }

  /** Lets a team fetch what is behind the next part; the connection that is open brings the bytes up to there. */
  #shareOut(open: OpenRange, { first: end, speed, latency }: BandwidthProbe): void {
    const first = this.#position + PART_BYTES;
    if (end - first < PART_BYTES) return;
    const { context, signal } = this.#plan;
    this.#team = new ParallelRangeReader({ first, size: end, speed, latency }, open, context.clock, signal);
  }

  /** Reads the last part, which is here. */
  #readTail(tail: BandwidthProbe, room: Uint8Array): number {
    this.#letGo();
    const n = tail.read(this.#position, room);
    this.#position += n;
    this.#arriving = this.#position;
    return n;
  }

  /** Reads what the team has; undefined if it has failed: one connection then goes on from there. */
  async #readTeam(team: ParallelRangeReader, room: Uint8Array): Promise<number | undefined> {
    this.#opened?.connection[Symbol.dispose]();
    this.#opened = undefined;
    let n: number | undefined;
    try {
      n = await team.read(room);
    } catch {
      this.#plan.signal.throwIfAborted();
    }
    if (n === undefined) {
      this.#closeTeam();
      return undefined;
    }
    this.#position += n;
    this.#arriving = this.#position;
    return n;
  }

  /** All bytes are here: makes sure that the host has no more, and lets the connection go. */
  async #readEnd(): Promise<null> {
    const connection = this.#opened?.connection;
    if (connection === undefined) return null;
    let n: number | null = null;
    try {
      n = await connection.read(new Uint8Array(1));
    } catch {
      // What breaks behind the last byte breaks nothing of ours.
      this.#plan.signal.throwIfAborted();
    } finally {
      this[Symbol.dispose]();
    }
    if (n === null) return null;
    const { operation } = this.#plan.request;
    throw new AppError(
      "size_mismatch",
      `${operation}: host "${this.#host}" has more than ${this.#size} bytes`,
      {
        details: { host: this.#host, want: this.#size },
      },
    );
  }

  async #reopen(): Promise<Opened> {
    const opened = await this.#plan.open(this.#position);
    this.#opened = opened;
    this.#host = opened.connection.endpoint.host;
    this.#arriving = opened.first;
    return opened;
  }

  /** Reads what was given already and comes once more. */
  async #skip(connection: MonitoredResponse): Promise<void> {
    const scratch = new Uint8Array(Math.min(SKIP_BUFFER_BYTES, this.#position - this.#arriving));
    while (this.#arriving < this.#position) {
      const left = this.#position - this.#arriving;
      const n = await connection.read(left < scratch.length ? scratch.subarray(0, left) : scratch);
      // The read that follows finds the end as well, and deals with it.
      if (n === null) return;
      this.#arriving += n;
    }
  }

  /** Lets a connection go that failed, or ended too early, and waits for the time of the next. */
  async #mend({ connection, end }: Opened, failure: AppError | undefined): Promise<void> {
    const { plan, at } = { plan: this.#plan, at: this.#position };
    this.#letGo();
    // A host may cut a range short, as long as it says so and gives something.
    if (failure === undefined && at === end && at > this.#markedAt) return;
    const { clock } = plan.context;
    const { operation, onEvent } = plan.request;
    const where = `at byte ${at} of ${this.#size}`;
    const error = failure === undefined
      ? new AppError("network", `${operation}: host "${this.#host}" ended ${where}`, {
        details: { host: this.#host, offset: at },
      })
      : new AppError(failure.code, `${failure.message}, ${where}`, {
        details: { ...failure.details, offset: at },
        cause: failure,
      });
    if (!isRetryableError(error)) throw error;
    const moved = at - this.#markedAt;
    const hasHeld = moved > 0 && error.code !== "stalled" &&
      clock.elapsed() - this.#markedTime >= PROGRESS_TIME;
    if (moved >= PROGRESS_BYTES || hasHeld) plan.budget.reset();
    else if (plan.budget.failures > 0 || error.code === "stalled") plan.demote(connection.endpoint);
    this.#markedAt = at;
    this.#markedTime = clock.elapsed();
    const delayMs = plan.budget.fail(error);
    onEvent({
      kind: "retry",
      attempt: plan.budget.failures,
      offset: at,
      delayMs: Math.round(delayMs),
      reason: error.message,
    });
    await clock.sleep(delayMs, plan.signal);
  }
}
