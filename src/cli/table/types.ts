/**
 * What the command table is made of. The table is the one source for parsing, help, completions, the man page and the
 * permissions of each command, so it holds data alone: the code of a command is loaded when it runs.
 *
 * @module
 */
import type { ExitName } from "../exit_codes.ts";

/** What a shell can offer for a word. */
export type Hint =
  /** Names of images in the store. */
  | "image"
  /** Names of commands. */
  | "command"
  | "file"
  | "directory"
  /** One of these words. */
  | readonly string[];

interface Described {
  /** One line, no full stop. */
  readonly summary: string;
}

interface Option extends Described {
  /** One letter. */
  readonly short?: string;
}

/** An option without a value. */
export interface Flag extends Option {
  readonly kind: "flag";
}

/** An option whose value is text. */
export interface TextOption extends Option {
  readonly kind: "text";
  /** What stands for the value in the help: `DIR`. */
  readonly value: string;
  readonly hint?: Hint;
  readonly access?: Access;
}

/** A text option that may be given several times. */
export interface TextsOption extends Option {
  readonly kind: "texts";
  readonly value: string;
  readonly hint?: Hint;
  readonly access?: Access;
}

/** An option whose value is a whole number. */
export interface NumberOption extends Option {
  readonly kind: "number";
  readonly value: string;
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

/** An option whose value is one of a few words. */
export interface ChoiceOption<W extends string = string> extends Option {
  readonly kind: "choice";
  readonly value: string;
  readonly words: readonly W[];
  readonly default: W;
}

/** Any option. */
export type OptionSpec = Flag | TextOption | TextsOption | NumberOption | ChoiceOption;
/** Options by their long name. */
export type Options = Readonly<Record<string, OptionSpec>>;

/** An argument that stands at a place. Only the last one of a command may be a list. */
export interface Positional<
  C extends "one" | "optional" | "list" | "some" = "one" | "optional" | "list" | "some",
> extends Described {
  /** `list` is any number, `some` at least one. */
  readonly count: C;
  /** What stands for it in the help: `REF`. */
  readonly value: string;
  readonly hint?: Hint;
  readonly access?: Access;
}

/** Arguments by the name that the code uses, in their order. */
export type Positionals = Readonly<Record<string, Positional>>;

/** What an option gives to the code. */
export type OptionValue<O> = O extends Flag ? boolean
  : O extends TextsOption ? readonly string[]
  : O extends NumberOption ? (O extends { readonly default: number } ? number : number | undefined)
  : O extends ChoiceOption<infer W> ? W
  : O extends TextOption ? string | undefined
  : never;

/** What an argument gives to the code. */
export type PositionalValue<P> = P extends Positional<infer C>
  ? C extends "one" ? string : C extends "optional" ? string | undefined : readonly string[]
  : never;

/** What the parser found, typed by the table. */
export interface Input<P extends Positionals = Positionals, O extends Options = Options> {
  readonly args: { readonly [K in keyof P]: PositionalValue<P[K]> };
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]> };
}

/** A line to try. */
export interface Example {
  readonly line: string;
  /** What it does, no full stop. */
  readonly note: string;
}

/** What a command must be allowed to do; the flags of the runtime are made from it. */
export type Need =
  | "store-read"
  | "store-write"
  /** How much room its file system has. */
  | "disk-space"
  /** Reading how registries are reached, and whose files of credentials there are. */
  | "configuration"
  /** The registries of its references, their mirrors and token services. */
  | "registry"
  /** Reading files of credentials and certificates, and asking helper programs. */
  | "credentials"
  /** Changing the file of credentials. */
  | "credentials-write"
  /** Writing the files and folders that its arguments with `access: "write"` name. */
  | "files-write"
  /** Making a directory tree with all that an image has in it: links, owners, attributes, devices. */
  | "unpack"
  /** The names of the system's groups. */
  | "groups"
  /** Listening on the Unix sockets that its arguments with `access: "listen"` name. */
  | "listen";

/** What is done with the file or folder that a word names; what has a hint `file` or `directory` is read unless this is set. */
export type Access = "read" | "write" | "listen";

/** A command. */
export interface Command<P extends Positionals = Positionals, O extends Options = Options> {
  /** Under which heading the help lists it. */
  readonly group: "Images" | "Store" | "Registries" | "Program";
  /** One line for lists, no full stop. */
  readonly summary: string;
  /** Paragraphs for its own help. */
  readonly description: readonly string[];
  readonly positionals: P;
  readonly options: O;
  readonly examples: readonly Example[];
  /** Which exit codes it has beside those of every command. */
  readonly exits: readonly ExitName[];
  readonly needs: readonly Need[];
  /** What an option adds to that, by its name. */
  readonly needsWith?: Readonly<Record<string, readonly Need[]>>;
  /** Every word behind the first argument is an argument, also one with a dash: it is a command line of its own. */
  readonly passesOn?: true;
}

/** Checks a command of the table and keeps its exact type, from which the types of its {@linkcode Input} follow. */
export function command<const P extends Positionals, const O extends Options>(
  spec: Command<P, O>,
): Command<P, O> {
  return spec;
}

/** The input of a command. */
export type InputOf<C> = C extends Command<infer P, infer O> ? Input<P, O> : never;
