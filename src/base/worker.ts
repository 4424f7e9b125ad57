/**
 * Threads of our own: where they can be had, and how they are started.
 *
 * Every form of the program (sources, one file, modules, compiled) has one module that is sure to be there: the one it
 * was started with. So a thread runs that module again, under a name that says what it is to do.
 *
 * @module
 */
import { after } from "./timer.ts";

/** What a thread can be asked to do. */
export type WorkerTask = "hash" | "unpack";

/** Starts a thread for a task. Undefined where there can be none: then the work is done on the thread that we are on. */
export type StartWorker = (task: WorkerTask) => Worker | undefined;

/** A thread takes 20 milliseconds to start; one that does not listen after so many never will. */
const PATIENCE = 10_000;

/** Starts none. */
export const NO_WORKERS: StartWorker = (): undefined => undefined;

/**
 * Threads that run a module. It looks at {@linkcode workerTask} when it is loaded.
 *
 * @param url a file or an address that this process may load
 */
export function workersOf(url: string): StartWorker {
  if (navigator.hardwareConcurrency < 2) return NO_WORKERS;
  return (task) => mayLoad(url) ? new Thread(url, task) : undefined;
}

/** A thread that fails if it does not come to listen. */
class Thread extends Worker {
  readonly #disarm: () => void;

  constructor(url: string, task: WorkerTask) {
    super(url, { type: "module", name: `dray-${task}` });
    const message = `It did not listen within ${PATIENCE} ms`;
    this.#disarm = after(PATIENCE, () => {
      this.terminate();
      this.dispatchEvent(new ErrorEvent("error", { message }));
    });
    this.addEventListener("message", this.#disarm, { once: true });
    this.addEventListener("error", this.#disarm, { once: true });
  }

  override terminate(): void {
    this.#disarm();
    super.terminate();
  }
}

/** The task of the thread that we are on; undefined on the first one of a process, and on threads of others. */
export function workerTask(): WorkerTask | undefined {
  const { name, WorkerGlobalScope: isWorker } = globalThis as { name?: unknown; WorkerGlobalScope?: unknown };
  if (isWorker === undefined) return undefined;
  return name === "dray-hash" ? "hash" : name === "dray-unpack" ? "unpack" : undefined;
}

/** A thread that may not load its module says so on the terminal, whoever listens: so it is asked before. */
function mayLoad(url: string): boolean {
  const path = new URL(url);
  const wanted = path.protocol === "file:"
    ? { name: "read", path } as const
    : { name: "import", host: path.host } as const;
  return Deno.permissions.querySync(wanted).state === "granted";
}

/** What a thread of ours listens to, and speaks to. */
interface ThreadScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

/** What a thread says first, when it listens. */
const READY = "ready";

/**
 * Listens to a thread of ours.
 *
 * @param onLost called when it will answer nothing any more
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
    // Else the runtime ends the program with it.
    event.preventDefault();
    onLost();
  });
}

/**
 * Makes the thread that we are on answer messages, each at its time. It says first that it listens.
 *
 * @param onMessage gets a message, and a way to answer, now or later
 */
export function serveThread<Order, Reply>(
  onMessage: (message: Order, answer: (reply: Reply, transfer?: Transferable[]) => void) => void,
): void {
  const scope = globalThis as unknown as ThreadScope;
  const hear = ({ data }: MessageEvent) =>
    onMessage(data, (reply, transfer = []) => scope.postMessage(reply, transfer));
  scope.onmessage = hear;
  scope.postMessage(READY);
  for (const event of early.splice(0)) hear(event);
}

/** What came while the thread was loading its code: a message that nobody listens for is lost. */
const early: MessageEvent[] = [];
if (workerTask() !== undefined) {
  (globalThis as unknown as ThreadScope).onmessage = (event) => void early.push(event);
}
