/**
 * The log of the service. It is an interface because only `cli` accesses the terminal.
 *
 * @module
 */

/** Fields of a line by name. They must not contain secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Receives the log lines of the service. */
export interface CriLog {
  /** A normal event. */
  info(message: string, fields?: LogFields): void;
  /** A problem that doesn't stop the service. */
  warn(message: string, fields?: LogFields): void;
  /** A failure of the server; the log includes its causes. */
  error(message: string, error: unknown, fields?: LogFields): void;
}
