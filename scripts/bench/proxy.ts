/**
 * Simulates a network between the registry and its clients: a TCP proxy with latency, slow start and a bandwidth limit.
 *
 * @module
 */

/** The properties of a simulated network. */
export interface Link {
  /** The round-trip time, in milliseconds. */
  readonly rtt: number;
  /** Bytes per second from the registry, per connection or for the whole link. Undefined for no limit. */
  readonly bandwidth?: { readonly bytes: number; readonly per: "connection" | "link" };
}

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
}

/** The initial congestion window: ten segments (RFC 6928), doubled with each round trip (RFC 5681). */
const INITIAL_WINDOW_BYTES = 14_600;
const WINDOW_MAX_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** The resolution of timers. Shorter waits accumulate until they reach it. */
const TIMER_MS = 2;
/** How much of a late timer is made up for by sending faster. It is also the largest burst. */
const LATE_MS = 10;

/** Limits the throughput. */
class RateLimiter {
  readonly #bytesPerMs: number;
  #nextFree = performance.now();

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  async wait(bytes: number): Promise<void> {
    const now = performance.now();
    this.#nextFree = Math.max(this.#nextFree, now - LATE_MS) + bytes / this.#bytesPerMs;
    if (this.#nextFree - now > TIMER_MS) await sleep(this.#nextFree - now);
  }
}

/** The congestion window of a sender: bytes per round trip, doubled after each round trip that used all of it. */
class CongestionWindow {
  readonly #rtt: number;
  #size: number;
  #sent = 0;
  #since = 0;

  constructor(rtt: number) {
    this.#rtt = rtt;
    this.#size = rtt === 0 ? Infinity : INITIAL_WINDOW_BYTES;
  }

  /** Waits until the window is open, and returns how many bytes may be sent. */
  async available(): Promise<number> {
    if (this.#sent >= this.#size) {
      const left = this.#since + this.#rtt - performance.now();
      if (left > 0) await sleep(left);
      // The window grows only when it was full.
      this.#size = Math.min(WINDOW_MAX_BYTES, this.#size * 2);
      this.#sent = 0;
    }
    return this.#size - this.#sent;
  }

  /**
   * Counts sent bytes.
   *
   * @param waited milliseconds that the sender had nothing to send. After more than a round trip everything has been
   * acknowledged. Waiting for the rate limiter doesn't count: a real window grows too while bytes queue in the link.
   */
  add(bytes: number, waited: number): void {
    if (this.#sent === 0 || waited > this.#rtt) {
      this.#sent = 0;
      this.#since = performance.now();
    }
    this.#sent += bytes;
  }
}

/** Starts a proxy on a free port of 127.0.0.1. */
export function startProxy(
  target: { readonly hostname: string; readonly port: number },
  { rtt, bandwidth }: Link,
): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const shared = bandwidth?.per === "link" ? new RateLimiter(bandwidth.bytes) : undefined;
  const open = new Set<Deno.Conn>();
  const serve = async (client: Deno.TcpConn) => {
    client.setNoDelay(true);
    // A TCP handshake takes one round trip; on loopback it takes no time.
    const [server] = await Promise.all([Deno.connect(target), sleep(rtt)]);
    server.setNoDelay(true);
    open.add(client).add(server);
    const limiter = shared ?? (bandwidth === undefined ? undefined : new RateLimiter(bandwidth.bytes));
    await Promise.all([forward(client, server, rtt), forward(server, client, rtt, limiter)]);
    for (const conn of [client, server]) {
      open.delete(conn);
      closeQuietly(conn);
    }
  };
  const done = (async () => {
    for await (const client of listener) serve(client).catch(() => closeQuietly(client));
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) closeQuietly(conn);
      await done;
    },
  };
}

/** Forwards one direction. Bytes arrive half a round trip later, at most one window per round trip. */
async function forward(from: Deno.Conn, to: Deno.Conn, rtt: number, limiter?: RateLimiter): Promise<void> {
  const window = new CongestionWindow(rtt);
  let arrivals: Promise<void> = Promise.resolve();
  let isBroken = false;
  for (;;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, await window.available()));
    const before = performance.now();
    const n = await from.read(buffer).catch(() => null);
    if (n === null || isBroken) break;
    window.add(n, performance.now() - before);
    await limiter?.wait(n);
    const due = performance.now() + rtt / 2;
    const earlier = arrivals;
    arrivals = (async () => {
      await earlier;
      const left = due - performance.now();
      if (left > 0.5) await sleep(left);
      for (let offset = 0; offset < n;) offset += await to.write(buffer.subarray(offset, n));
    })();
    arrivals.catch(() => isBroken = true);
    // With latency, buffered bytes are the ones in flight; without it, buffering would defeat flow control.
    if (rtt === 0) await arrivals.catch(() => {});
  }
  await arrivals.catch(() => {});
  await (to as Deno.TcpConn).closeWrite().catch(() => {});
  if (isBroken) closeQuietly(from);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is already closed.
  }
}
