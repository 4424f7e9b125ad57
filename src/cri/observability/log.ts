/**
 * What the service tells its operator. Only the command line prints, so this is an interface.
 *
 * @module
 */

/** Facts of a line, by name. Never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Takes the lines of the service. */
export interface CriLog {
  /** Something that went as it should. */
  info(message: string, fields?: LogFields): void;
  /** Something to know that stops nothing. */
  warn(message: string, fields?: LogFields): void;
  /** A failure that is not a client's: with its causes. */
  error(message: string, error: unknown, fields?: LogFields): void;
}
