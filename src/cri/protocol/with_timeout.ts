/**
 * Waits with a timeout.
 *
 * @module
 */

/**
 * Waits until `work` is done, but at most `ms` milliseconds; the work itself isn't cancelled.
 *
 * `deadline` of `@std/async` isn't used: it reports the timeout as an error, and leaves its timer running.
 *
 * @param work must not reject
 */
export async function withTimeout(ms: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
