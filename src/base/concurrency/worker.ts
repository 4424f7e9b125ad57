/**
 * Starting worker threads, and the messages between them and their owner.
 *
 * In each of its forms (sources, one file, modules, compiled), the program can only rely on one module: its
 * main module. Therefore, a thread loads the main module again, and its name selects the task.
 *
 * @module
 */
import { after } from "./timer.ts";

/** The tasks of worker threads. */
export type WorkerTask = "hash" | "unpack";

/**
 * Starts a thread for a task. Returns undefined if threads aren't available; the caller then does the work
 * itself.
 */
export type StartWorker = (task: WorkerTask) => Worker | undefined;

/** A thread takes 20 ms to start. One that isn't ready after this time has failed, in milliseconds. */
const READY_TIMEOUT_MS = 10_000;

/** Starts no threads. */
export const NO_WORKERS: StartWorker = (): undefined => undefined;

/**
 * Starts threads that run a module, which must check {@linkcode workerTask} when it is loaded.
 *
 * @param url a file or a URL that this process is allowed to load
 */
export function workersOf(url: string): StartWorker {
  if (navigator.hardwareConcurrency < 2) return NO_WORKERS;
  return (task) => mayLoad(url) ? new Thread(url, task) : undefined;
}

/** A worker that reports an error if it doesn't become ready in time. */
class Thread extends Worker {
  readonly #cancelTimeout: () => void;

  constructor(url: string, task: WorkerTask) {
    super(url, { type: "module", name: `dray-${task}` });
    const message = `The thread wasn't ready within ${READY_TIMEOUT_MS} ms`;
    this.#cancelTimeout = after(READY_TIMEOUT_MS, () => {
      this.terminate();
      this.dispatchEvent(new ErrorEvent("error", { message }));
    });
    this.addEventListener("message", this.#cancelTimeout, { once: true });
    this.addEventListener("error", this.#cancelTimeout, { once: true });
  }

  override terminate(): void {
    this.#cancelTimeout();
    super.terminate();
  }
}

/**
 * The task of the current thread; undefined on the main thread, and on threads that {@linkcode workersOf}
 * didn't start.
 */
export function workerTask(): WorkerTask | undefined {
  const { name, WorkerGlobalScope: isWorker } = globalThis as { name?: unknown; WorkerGlobalScope?: unknown };
  if (isWorker === undefined) return undefined;
  return name === "dray-hash" ? "hash" : name === "dray-unpack" ? "unpack" : undefined;
}

/** Checks the permission first: a thread that may not load its module prints an error to the terminal. */
function mayLoad(url: string): boolean {
  const path = new URL(url);
  const permission = path.protocol === "file:"
    ? { name: "read", path } as const
    : { name: "import", host: path.host } as const;
  return Deno.permissions.querySync(permission).state === "granted";
}

/** The part of a worker's global scope that is used here. */
interface ThreadScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

/** The first message of a thread. */
const READY = "ready";

/**
 * Receives the messages of a thread.
 *
 * @param onLost called when the thread has failed and will send no more messages
 */
export function receiveFromThread<Reply>(
  thread: Worker,
  onReply: (reply: Reply) => void,
  onLost: () => void,
): void {
  thread.addEventListener("message", ({ data }) => {
    if (data !== READY) onReply(data);
  });
  thread.addEventListener("error", (event) => {
    // Otherwise the runtime ends the process.
    event.preventDefault();
    onLost();
  });
}

/**
 * Processes messages on the current worker thread. Sends a message that the thread is ready first.
 *
 * @param onMessage gets a message, and a function that sends a reply immediately or later
 */
export function serveThread<Message, Reply>(
  onMessage: (message: Message, reply: (reply: Reply, transfer?: Transferable[]) => void) => void,
): void {
  const scope = globalThis as unknown as ThreadScope;
  const listener = ({ data }: MessageEvent) =>
    onMessage(data, (reply, transfer = []) => scope.postMessage(reply, transfer));
  scope.onmessage = listener;
  scope.postMessage(READY);
  for (const event of pendingMessages.splice(0)) listener(event);
}

/** Messages received while the thread loads its code. Without a listener they would be lost. */
const pendingMessages: MessageEvent[] = [];
if (workerTask() !== undefined) {
  (globalThis as unknown as ThreadScope).onmessage = (event) => void pendingMessages.push(event);
}
