/**
 * The types of the command table. The table is the single source for parsing, help, completions, the man
 * pages and the permissions of each command, so it contains only data: the code of a command is loaded when
 * it runs.
 *
 * @module
 */
import type { ExitName } from "./exit_codes.ts";

/** What a shell can offer for a word. */
export type Hint =
  /** Names of images in the store. */
  | "image"
  /** Names of commands. */
  | "command"
  /** What `dray help` accepts: commands, groups of commands and topics. */
  | "help"
  | "file"
  | "directory"
  /** One of these words. */
  | readonly string[];

/**
 * What a command does with the file or directory that a word names. A hint `file` or `directory` alone means
 * `read`.
 */
export type Access = "read" | "write" | "listen";

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
  /** The placeholder of the value in the help: `DIR`. */
  readonly value: string;
  readonly hint?: Hint;
  readonly access?: Access;
}

/** A text option that may be repeated. */
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

/** An option whose value is one of a fixed set of words. */
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

/** A positional argument. Only the last one of a command may be optional or a list. */
export interface Positional<
  C extends "one" | "optional" | "list" | "some" = "one" | "optional" | "list" | "some",
> extends Described {
  /** `list` is any number, `some` at least one. */
  readonly count: C;
  /** Its placeholder in the help: `REF`. */
  readonly value: string;
  readonly hint?: Hint;
  readonly access?: Access;
}

/** Positional arguments by the name that the code uses, in their order. */
export type Positionals = Readonly<Record<string, Positional>>;

/** The type of an option's parsed value. */
export type OptionValue<O> = O extends Flag ? boolean
  : O extends TextsOption ? readonly string[]
  : O extends NumberOption ? (O extends { readonly default: number } ? number : number | undefined)
  : O extends ChoiceOption<infer W> ? W
  : O extends TextOption ? string | undefined
  : never;

/** The type of a positional argument's parsed value. */
export type PositionalValue<P> = P extends Positional<infer C>
  ? C extends "one" ? string : C extends "optional" ? string | undefined : readonly string[]
  : never;

/** The parsed values of options. */
export type InputOptions<O extends Options> = { readonly [K in keyof O]: OptionValue<O[K]> };

/** The parsed arguments and options, typed by the table. */
export interface Input<P extends Positionals = Positionals, O extends Options = Options> {
  readonly args: { readonly [K in keyof P]: PositionalValue<P[K]> };
  readonly options: InputOptions<O>;
}

/** A command line to try. */
export interface Example {
  readonly line: string;
  /** What it does, as a phrase without a full stop. */
  readonly note: string;
}

/** Something that a command must be allowed to do. The runtime's permission flags are derived from it. */
export type Need =
  | "store-read"
  | "store-write"
  /** Free space of the store's file system. */
  | "disk-space"
  /** Reading the files that configure registries, and the names of credential files. */
  | "configuration"
  /** Reaching the registries of its references, their mirrors and token services. */
  | "registry"
  /** Reading credential files and certificates, and running credential helpers. */
  | "credentials"
  /** Changing the credential file. */
  | "credentials-write"
  /** Writing the files and directories of its arguments with `access: "write"`. */
  | "files-write"
  /** Creating a directory tree with links, owners, attributes and devices. */
  | "unpack"
  /** Unpacking damaged layers again if the runtime permits it; a plan of permissions doesn't include it. */
  | "unpack-again"
  /** Reading the names of the system's groups. */
  | "groups"
  /** Listening on the Unix sockets of its arguments with `access: "listen"`. */
  | "listen";

/** Groups of commands, which `dray help GROUP` lists, with their headings. */
export const COMMAND_GROUPS = {
  registry: "Commands that use registries",
  store: "Commands for images and the store",
  node: "Commands for a Kubernetes node",
  program: "Commands about dray itself",
} as const satisfies Readonly<Record<string, string>>;

/** The name of a group of commands. */
export type CommandGroup = keyof typeof COMMAND_GROUPS;

/** A command. */
export interface Command<P extends Positionals = Positionals, O extends Options = Options> {
  readonly group: CommandGroup;
  /** Whether `dray --help` lists it; `dray help GROUP` lists all commands of a group. */
  readonly isEveryday?: true;
  /** One line for lists, no full stop. */
  readonly summary: string;
  /** Paragraphs, and lists of terms with their meanings, for its own help. */
  readonly description: readonly (string | readonly (readonly [term: string, meaning: string])[])[];
  readonly positionals: P;
  readonly options: O;
  readonly examples: readonly Example[];
  /** Its exit codes besides those of every command. */
  readonly exits: readonly ExitName[];
  readonly needs: readonly Need[];
  /** Needs that an option adds, by the option's name. */
  readonly needsWith?: Readonly<Record<string, readonly Need[]>>;
  /**
   * Every word after the first argument is an argument, even with a dash: together they are another command
   * line.
   */
  readonly isWrapper?: true;
}

/** Commands by name, in the order of the help. */
export type CommandTable = Readonly<Record<string, Command>>;

/** Returns the command of a name; undefined if there is none. */
export function findCommand(table: CommandTable, name: string): Command | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/**
 * Checks a command of the table and keeps its exact type, from which the types of its {@linkcode Input}
 * follow.
 */
export function command<const P extends Positionals, const O extends Options>(
  spec: Command<P, O>,
): Command<P, O> {
  return spec;
}

/** The input of a command. */
export type InputOf<C> = C extends Command<infer P, infer O> ? Input<P, O> : never;
