/**
 * The completion script for bash, 3.2 (macOS) and later.
 *
 * @module
 */
import type { Hint, OptionSpec } from "../table/types.ts";
import {
  hintOf,
  IMAGE_NAMES_LINE,
  isOpenEnded,
  type NamedCommand,
  namedCommands,
  type NamedOption,
  namedOptions,
} from "./model.ts";
import { GLOBAL_OPTIONS } from "../table/shared.ts";

/** The script. */
export function bashCompletions(): string {
  const commands = namedCommands();
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completion of dray for bash: source <(dray completions bash)

# Sets hint to what can follow COMMAND:OPTION or COMMAND:POSITION; fails if the option takes no value.
_dray_hint() {
  case "$1" in
${[...optionCases("*", namedOptions(GLOBAL_OPTIONS)), ...commands.flatMap(commandCases)].join("\n")}
    :0) hint="words:${names}" ;;
    *) return 1 ;;
  esac
}

_dray_options() {
  case "$1" in
${commands.map((command) => `    ${command.name}) options="${longOptions(command.options)}" ;;`).join("\n")}
    *) options="${longOptions(namedOptions(GLOBAL_OPTIONS))} --version" ;;
  esac
}

_dray() {
  # COMP_WORDS is split at ":" and "=" too, so the line is split again at blanks.
  local line="\${COMP_LINE:0:COMP_POINT}" cur="" command="" position=0 hint="" options="" skip="" i
  local -a words
  read -ra words <<< "$line"
  local count=\${#words[@]}
  case "$line" in
    *[[:space:]]) ;;
    *) count=$((count - 1)); cur="\${words[count]}" ;;
  esac
  for ((i = 1; i < count; i++)); do
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "\${words[i]}" in
      --*=*) ;;
      -*) _dray_hint "$command:\${words[i]}" && skip="\${words[i]}" ;;
      *) if [ -z "$command" ]; then command="\${words[i]}"; else position=$((position + 1)); fi ;;
    esac
  done

  local prefix="" part="$cur"
  hint=""
  if [ -n "$skip" ]; then
    _dray_hint "$command:$skip"
  else
    case "$cur" in
      --*=*) prefix="\${cur%%=*}="; part="\${cur#*=}"; _dray_hint "$command:\${cur%%=*}" ;;
      -*) _dray_options "$command"; hint="words:$options" ;;
      *) _dray_hint "$command:$position" ;;
    esac
  fi

  local candidates="" IFS=$'\\n'
  case "$hint" in
    words:*) candidates=$(IFS=' '; compgen -W "\${hint#words:}" -- "$part") ;;
    image) candidates=$(compgen -W "$(${IMAGE_NAMES_LINE})" -- "$part") ;;
    file) compopt -o filenames 2>/dev/null; candidates=$(compgen -f -- "$part") ;;
    directory) compopt -o filenames 2>/dev/null; candidates=$(compgen -d -- "$part") ;;
  esac

  # readline replaces only what follows the last of its break characters.
  local rest="$cur" cut char
  for char in : = @; do
    case "$COMP_WORDBREAKS" in *"$char"*) rest="\${rest##*"$char"}" ;; esac
  done
  cut="\${cur%"$rest"}"
  COMPREPLY=()
  for i in $candidates; do COMPREPLY+=("\${prefix}$i"); done
  for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]="\${COMPREPLY[i]#"$cut"}"; done
}

complete -F _dray dray
`;
}

function commandCases({ name, options, positionals }: NamedCommand): string[] {
  const last = positionals.length - 1;
  const places = positionals.map(({ hint }, i) => {
    const place = i === last && isOpenEnded(positionals) ? "[0-9]*" : String(i);
    return `    ${name}:${place}) hint="${hintText(hint)}" ;;`;
  });
  const own = options.filter(({ long }) => !Object.hasOwn(GLOBAL_OPTIONS, long));
  return [...optionCases(name, own), ...places];
}

function optionCases(command: string, options: readonly NamedOption[]): string[] {
  return options.filter(({ spec }) => spec.kind !== "flag").map(({ long, spec }) => {
    const spellings = [`--${long}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])];
    return `    ${spellings.map((spelling) => `${command}:${spelling}`).join("|")}) hint="${
      optionHint(spec)
    }" ;;`;
  });
}

function optionHint(spec: OptionSpec): string {
  return hintText(hintOf(spec));
}

function hintText(hint: Hint | undefined): string {
  if (hint === undefined) return "nothing";
  if (hint === "command") return `words:${namedCommands().map(({ name }) => name).join(" ")}`;
  return typeof hint === "string" ? hint : `words:${hint.join(" ")}`;
}

function longOptions(options: readonly NamedOption[]): string {
  return options.map(({ long }) => `--${long}`).join(" ");
}
