/**
 * The Content-Range header (RFC 9110, section 14.4). Parsed strictly: a body at a wrong offset would corrupt a blob.
 *
 * @module
 */

/** A parsed Content-Range header. */
export type ContentRange =
  /** The body has the bytes from `first` to `last` (inclusive); `total` is undefined if the host doesn't know it. */
  | {
    readonly kind: "range";
    readonly first: number;
    readonly last: number;
    readonly total: number | undefined;
  }
  /** The range is beyond the end of the content, which has `total` bytes. */
  | { readonly kind: "unsatisfied"; readonly total: number };

const RANGE = /^bytes ([0-9]{1,16})-([0-9]{1,16})\/([0-9]{1,16}|\*)$/i;
const UNSATISFIED = /^bytes \*\/([0-9]{1,16})$/i;

/** Parses the header; undefined if it is missing, has another unit or contradicts itself. */
export function parseContentRange(value: string | null): ContentRange | undefined {
  if (value === null) return undefined;
  const none = UNSATISFIED.exec(value);
  if (none !== null) {
    const total = Number(none[1]);
    return Number.isSafeInteger(total) ? { kind: "unsatisfied", total } : undefined;
  }
  const range = RANGE.exec(value);
  if (range === null) return undefined;
  const first = Number(range[1]);
  const last = Number(range[2]);
  const total = range[3] === "*" ? undefined : Number(range[3]);
  if (!Number.isSafeInteger(last) || last < first) return undefined;
  if (total !== undefined && (!Number.isSafeInteger(total) || last >= total)) return undefined;
  return { kind: "range", first, last, total };
}
