/**
 * A relay in front of a test server that can reset connections. Deno's own sockets can't: closing one with
 * unread bytes sends FIN first.
 *
 * @module
 */
import net from "node:net";

/** Whether the runtime can reset a connection: Deno 2.6 can't, and skips the tests of resets. */
export const CAN_RESET: boolean = "resetAndDestroy" in net.Socket.prototype;

/** A running relay. */
export interface ResetRelay extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** Forwards new connections to this server. */
  forwardTo(host: string): void;
  /** Resets a connection once the server ends it. @param port of the relay's connection to the server */
  reset(port: number): void;
}

/** Starts a relay on loopback. */
export async function startResetRelay(): Promise<ResetRelay> {
  const toReset = new Set<number>();
  const sockets = new Set<net.Socket>();
  let target = "";
  const track = (socket: net.Socket, other: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const [hostname = "", port] = target.split(":");
    const upstream = net.connect(Number(port), hostname);
    track(client, upstream);
    track(upstream, client);
    client.on("data", (bytes) => upstream.write(bytes));
    client.on("end", () => upstream.end());
    upstream.on("data", (bytes) => client.write(bytes));
    upstream.on("end", () => {
      // After the bytes so far have been sent.
      if (toReset.has(upstream.localPort ?? 0)) client.write("", () => client.resetAndDestroy());
      else client.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    forwardTo: (host) => target = host,
    reset: (port) => toReset.add(port),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
