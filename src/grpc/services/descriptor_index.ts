/**
 * Finds schemas by file name and by symbol, for reflection.
 *
 * @module
 */
import { fieldText, findText, readFields, readMessages } from "../wire/wire.ts";

/** A serialized `FileDescriptorProto` and the names of its imports. */
interface SchemaFile {
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
}

/** Field numbers of `FileDescriptorProto` and its parts. */
const FILE = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6, extension: 7 } as const;
const MESSAGE = { nested: 3, enum: 4, extension: 6, oneof: 8 } as const;
const EXTENSION = { number: 3, extendee: 2 } as const;
/** The field number of: fields in a message, methods in a service, values in an enumeration. */
const MEMBER = 2;
const NAME = 1;

/** An index of the symbols and files of a set of schemas. */
export class DescriptorIndex {
  readonly #files = new Map<string, SchemaFile>();
  /** File names by the full name of a symbol. */
  readonly #symbols = new Map<string, string>();
  /** File names of extensions, by extended type and number. */
  readonly #extensions = new Map<string, Map<number, string>>();

  /**
   * Indexes the files.
   *
   * @param files serialized `FileDescriptorProto`s, including all imported files
   * @throws AppError `invalid_content` for malformed files
   */
  constructor(files: readonly Uint8Array[]) {
    for (const bytes of files) this.#add(bytes);
  }

  /** Returns the file and then all of its imports; undefined if the file doesn't exist. */
  file(name: string): readonly Uint8Array[] | undefined {
    if (!this.#files.has(name)) return undefined;
    const names = new Set([name]);
    // The iteration includes the names that are added during it.
    for (const each of names) for (const next of this.#files.get(each)?.dependencies ?? []) names.add(next);
    return [...names].flatMap((each) => this.#files.get(each)?.bytes ?? []);
  }

  /** Returns the files of a service, method, message, field, enumeration, value or extension. */
  symbol(name: string): readonly Uint8Array[] | undefined {
    return this.file(this.#symbols.get(name) ?? "");
  }

  /** Returns the files of extension `number` of a type. */
  extension(type: string, number: number): readonly Uint8Array[] | undefined {
    return this.file(this.#extensions.get(type)?.get(number) ?? "");
  }

  /** Returns the extension numbers of a type; undefined if the type doesn't exist. */
  extensionNumbers(type: string): readonly number[] | undefined {
    if (!this.#symbols.has(type)) return undefined;
    return [...this.#extensions.get(type)?.keys() ?? []];
  }

  #add(bytes: Uint8Array): void {
    const name = findText(bytes, FILE.name);
    const scope = findText(bytes, FILE.package);
    const dependencies: string[] = [];
    for (const field of readFields(bytes)) {
      if (field.type !== "bytes") continue;
      if (field.number === FILE.dependency) dependencies.push(fieldText(field));
      if (field.number === FILE.message) this.#addMessage(field.value, scope, name);
      if (field.number === FILE.enum) this.#addEnum(field.value, scope, name);
      if (field.number === FILE.service) {
        this.#addMembers(field.value, this.#addName(field.value, scope, name), name);
      }
      if (field.number === FILE.extension) this.#addExtension(field.value, scope, name);
    }
    this.#files.set(name, { bytes, dependencies });
  }

  #addMessage(message: Uint8Array, scope: string, file: string): void {
    const full = this.#addName(message, scope, file);
    this.#addMembers(message, full, file);
    for (const nested of readMessages(message, MESSAGE.nested)) this.#addMessage(nested, full, file);
    for (const inner of readMessages(message, MESSAGE.enum)) this.#addEnum(inner, full, file);
    for (const extension of readMessages(message, MESSAGE.extension)) {
      this.#addExtension(extension, full, file);
    }
    for (const oneof of readMessages(message, MESSAGE.oneof)) this.#addName(oneof, full, file);
  }

  /** The values of an enumeration are in its parent's scope. */
  #addEnum(enumeration: Uint8Array, scope: string, file: string): void {
    this.#addName(enumeration, scope, file);
    this.#addMembers(enumeration, scope, file);
  }

  #addExtension(extension: Uint8Array, scope: string, file: string): void {
    this.#addName(extension, scope, file);
    const type = findText(extension, EXTENSION.extendee).replace(/^\./, "");
    const numbers = this.#extensions.get(type) ?? new Map<number, string>();
    this.#extensions.set(type, numbers);
    for (const field of readFields(extension)) {
      if (field.number === EXTENSION.number && field.type === "varint") numbers.set(field.value, file);
    }
  }

  #addMembers(owner: Uint8Array, scope: string, file: string): void {
    for (const member of readMessages(owner, MEMBER)) this.#addName(member, scope, file);
  }

  #addName(part: Uint8Array, scope: string, file: string): string {
    const name = findText(part, NAME);
    const full = scope === "" ? name : `${scope}.${name}`;
    this.#symbols.set(full, file);
    return full;
  }
}
