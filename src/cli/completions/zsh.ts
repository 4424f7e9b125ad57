/**
 * The completion script for zsh: to be sourced, or put into a folder of `$fpath` as `_dray`.
 *
 * @module
 */
import { GLOBAL_OPTIONS } from "../table/shared.ts";
import type { Hint, Positional } from "../table/types.ts";
import {
  hintOf,
  IMAGE_NAMES_LINE,
  type NamedCommand,
  namedCommands,
  type NamedOption,
  namedOptions,
} from "./model.ts";

/** The script. */
export function zshCompletions(): string {
  const commands = namedCommands();
  return `#compdef dray
# Completion of dray for zsh: source <(dray completions zsh)

_dray_images() {
  local -a names
  names=(\${(f)"$(${IMAGE_NAMES_LINE})"})
  compadd -M 'r:|/=* l:|=*' -- $names
}

_dray_commands() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  _describe -t commands command commands
}

_dray() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
${optionSpecs(namedOptions(GLOBAL_OPTIONS)).map((spec) => `    ${spec} \\`).join("\n")}
    ${quote("--version[print the version]")} \\
    '1:command:_dray_commands' \\
    '*::argument:->argument'
  [[ $state == argument ]] || return
  case $words[1] in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _dray ]]; then
  _dray "$@"
else
  compdef _dray dray
fi
`;
}

function commandCase({ name, options, positionals }: NamedCommand): string {
  const specs = [...optionSpecs(options), ...positionals.map(positionalSpec)];
  return `    ${name})\n      _arguments \\\n${
    specs.map((spec) => `        ${spec}`).join(" \\\n")
  }\n      ;;`;
}

function optionSpecs(options: readonly NamedOption[]): string[] {
  return options.map(({ long, spec }) => {
    const value = spec.kind === "flag" ? "" : `:${escape(spec.value)}:${action(hintOf(spec))}`;
    const summary = `[${escape(spec.summary)}]${value}`;
    const sign = spec.kind === "flag" ? "" : "=";
    if (spec.short === undefined) {
      return quote(`${spec.kind === "texts" ? "*" : ""}--${long}${sign}${summary}`);
    }
    const spellings = `{-${spec.short}${spec.kind === "flag" ? "" : "+"},--${long}${sign}}`;
    return `${quote(`(-${spec.short} --${long})`)}${spellings}${quote(summary)}`;
  });
}

function positionalSpec({ count, value, hint }: Positional): string {
  const many = count === "list" || count === "some";
  return quote(`${many ? "*" : ""}:${count === "optional" ? ":" : ""}${escape(value)}:${action(hint)}`);
}

function action(hint: Hint | undefined): string {
  switch (hint) {
    case undefined:
      return " ";
    case "image":
      return "_dray_images";
    case "command":
      return "_dray_commands";
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    default:
      return `(${hint.join(" ")})`;
  }
}

/** Colons and brackets are syntax inside a spec. */
function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
