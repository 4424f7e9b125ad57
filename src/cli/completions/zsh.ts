/**
 * The completion script for zsh: to be sourced, or installed as `_dray` in a directory of `$fpath`.
 *
 * @module
 */
import type { CommandTable } from "../table/types.ts";
import {
  type CompletionCommand,
  completionCommands,
  type CompletionHint,
  type CompletionOption,
  type CompletionPositional,
  globalOptions,
  IMAGE_NAMES_LINE,
} from "./model.ts";

/** The script. */
export function zshCompletions(table: CommandTable): string {
  const commands = completionCommands(table);
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
${optionSpecs(globalOptions(table)).map((spec) => `    ${spec} \\`).join("\n")}
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

function commandCase({ name, options, positionals }: CompletionCommand): string {
  const specs = [...optionSpecs(options), ...positionals.map(positionalSpec)];
  return `    ${name})\n      _arguments \\\n${
    specs.map((spec) => `        ${spec}`).join(" \\\n")
  }\n      ;;`;
}

function optionSpecs(options: readonly CompletionOption[]): string[] {
  return options.map(({ long, spec, hint }) => {
    const value = spec.kind === "flag" ? "" : `:${escape(spec.value)}:${action(hint)}`;
    const summary = `[${escape(spec.summary)}]${value}`;
    const sign = spec.kind === "flag" ? "" : "=";
    if (spec.short === undefined) {
      return quote(`${spec.kind === "texts" ? "*" : ""}--${long}${sign}${summary}`);
    }
    const spellings = `{-${spec.short}${spec.kind === "flag" ? "" : "+"},--${long}${sign}}`;
    return `${quote(`(-${spec.short} --${long})`)}${spellings}${quote(summary)}`;
  });
}

function positionalSpec({ count, value, hint }: CompletionPositional): string {
  const many = count === "list" || count === "some";
  return quote(`${many ? "*" : ""}:${count === "optional" ? ":" : ""}${escape(value)}:${action(hint)}`);
}

function action(hint: CompletionHint | undefined): string {
  switch (hint) {
    case undefined:
      return " ";
    case "image":
      return "_dray_images";
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    default:
      return `(${hint.join(" ")})`;
  }
}

/** Escapes colons and brackets, which are syntax in a spec. */
function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
