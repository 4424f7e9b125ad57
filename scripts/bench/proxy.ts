/**
 * A network between the registry and its clients: a TCP proxy with a round trip, slow start and a bandwidth.
 *
 * @module
 */

/** What a network is like. */
export interface Network {
  /** The round trip, in milliseconds. */
  readonly rtt: number;
  /** Bytes per second, of each connection or of all together. Without it there is no bound. */
  readonly bandwidth?: { readonly bytes: number; readonly of: "connection" | "link" };
}

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
}

/** What a sender may have under way at first: ten segments (RFC 6928), doubled with each round trip (RFC 5681). */
const FIRST_WINDOW = 14_600;
const LAST_WINDOW = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Timers come no finer: shorter waits are saved up. */
const TIMER_MS = 2;
/** A timer that comes late must not cost speed: so much may be made up for. It is also the largest burst. */
const LATE_MS = 10;

/** Lets bytes through at a speed. */
class Pace {
  readonly #bytesPerMs: number;
  #free = performance.now();

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  async pass(bytes: number): Promise<void> {
    const now = performance.now();
    this.#free = Math.max(this.#free, now - LATE_MS) + bytes / this.#bytesPerMs;
    if (this.#free - now > TIMER_MS) await sleep(this.#free - now);
  }
}

/** What one side may send: so much in each round trip, twice as much in the next if that was used up. */
class Window {
  readonly #rtt: number;
  #size: number;
  #sent = 0;
  #since = 0;

  constructor(rtt: number) {
    this.#rtt = rtt;
    this.#size = rtt === 0 ? Infinity : FIRST_WINDOW;
  }

  /** Waits until something may be sent, and says how much. */
  async room(): Promise<number> {
    if (this.#sent >= this.#size) {
      const left = this.#since + this.#rtt - performance.now();
      if (left > 0) await sleep(left);
      // Only a sender that has filled its window gets a larger one.
      this.#size = Math.min(LAST_WINDOW, this.#size * 2);
      this.#sent = 0;
    }
    return this.#size - this.#sent;
  }

  /**
   * Counts what is sent, after so long with nothing to send. A round trip begins with its first byte, and after a longer
   * wait all that was sent has arrived. A link that lets bytes through slowly is no such wait: what queues up in it lets
   * the window grow, as it does until something is lost.
   */
  take(bytes: number, waited: number): void {
    if (this.#sent === 0 || waited > this.#rtt) {
      this.#sent = 0;
      this.#since = performance.now();
    }
    this.#sent += bytes;
  }
}

/** Starts a proxy on loopback. */
export function startProxy(
  target: { readonly hostname: string; readonly port: number },
  network: Network,
): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { bandwidth } = network;
  const link = bandwidth?.of === "link" ? new Pace(bandwidth.bytes) : undefined;
  const open = new Set<Deno.Conn>();
  const serve = async (client: Deno.TcpConn) => {
    client.setNoDelay(true);
    // The handshake takes a round trip before the first byte goes out; on loopback it is over at once.
    const [server] = await Promise.all([Deno.connect(target), sleep(network.rtt)]);
    server.setNoDelay(true);
    open.add(client).add(server);
    const pace = link ?? (bandwidth === undefined ? undefined : new Pace(bandwidth.bytes));
    await Promise.all([carry(client, server, network.rtt), carry(server, client, network.rtt, pace)]);
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

/** Carries bytes one way. They arrive half a round trip later, no more in a round trip than the window. */
async function carry(from: Deno.Conn, to: Deno.Conn, rtt: number, pace?: Pace): Promise<void> {
  const window = new Window(rtt);
  let arrivals: Promise<void> = Promise.resolve();
  let isBroken = false;
  for (;;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, await window.room()));
    const before = performance.now();
    const n = await from.read(buffer).catch(() => null);
    if (n === null || isBroken) break;
    window.take(n, performance.now() - before);
    await pace?.pass(n);
    const due = performance.now() + rtt / 2;
    const earlier = arrivals;
    arrivals = (async () => {
      await earlier;
      const left = due - performance.now();
      if (left > 0.5) await sleep(left);
      for (let at = 0; at < n;) at += await to.write(buffer.subarray(at, n));
    })();
    arrivals.catch(() => isBroken = true);
    // Without a delay nothing may pile up.
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
    // It is closed.
  }
}
