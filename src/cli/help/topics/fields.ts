/**
 * Descriptions of JSON shapes that the type checker compares with the shapes' types: a missing, unknown or
 * wrongly typed field doesn't compile.
 *
 * @module
 */

/** The name of a JSON type, for the reader. */
type TypeName<T> = [T] extends [string] ? "string"
  : [T] extends [number] ? "number"
  : [T] extends [boolean] ? "boolean"
  : [T] extends [string | null] ? "string or null"
  : [T] extends [number | null] ? "number or null"
  : [T] extends [readonly string[]] ? "list of strings"
  : [T] extends [readonly object[]] ? "list of objects"
  : [T] extends [object] ? "object"
  : "object or null";

type ElementOf<T> = T extends readonly (infer E)[] ? E : NonNullable<T>;
/** The nested fields of a value; undefined for a value without a fixed set of fields. */
type Nested<T> = ElementOf<T> extends object ? string extends keyof ElementOf<T> ? undefined
  : FieldDescriptions<ElementOf<T>>
  : undefined;
type Description<T> = Nested<T> extends undefined ? readonly [type: TypeName<T>, meaning: string]
  : readonly [type: TypeName<T>, meaning: string, fields: Nested<T>];

/** All fields of a union of objects. */
type KeysOf<U> = U extends unknown ? keyof U : never;
type ValueOf<U, K> = U extends unknown ? K extends keyof U ? Exclude<U[K], undefined> : never : never;

/** One description per field of a shape; for a union, of all its members. */
export type FieldDescriptions<T> = { readonly [K in KeysOf<T>]-?: Description<ValueOf<T, K>> };

/** A description without its exact type. */
type AnyDescription = readonly [type: string, meaning: string, fields?: AnyDescriptions];
/** Descriptions without their exact type. */
export type AnyDescriptions = { readonly [name: string]: AnyDescription };

/** Converts descriptions to rows: `layers[].digest` and `string: …`. */
export function fieldRows(
  fields: AnyDescriptions,
  prefix = "",
): readonly (readonly [path: string, meaning: string])[] {
  return Object.entries(fields).flatMap(([name, [type, meaning, nested]]) => {
    const path = `${prefix}${name}`;
    const rows = [[path, `${type}: ${meaning}`] as const];
    if (nested === undefined) return rows;
    return [...rows, ...fieldRows(nested, type.startsWith("list") ? `${path}[].` : `${path}.`)];
  });
}
