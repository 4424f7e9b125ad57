/**
 * The completion script for bash, 3.2 (macOS) and later.
 *
 * @module
 */
import type { CommandTable } from "../table/types.ts";
import {
  type CompletionCommand,
  completionCommands,
  type CompletionHint,
  type CompletionOption,
  globalOptions,
  IMAGE_NAMES_LINE,
  isOpenEnded,
  isOwnOption,
} from "./model.ts";

/** The script. */
export function bashCompletions(table: CommandTable): string {
  const commands = completionCommands(table);
  const shared = globalOptions(table);
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completion of dray for bash: source <(dray completions bash)

# Sets hint to what completes COMMAND:OPTION or COMMAND:POSITION; fails if the option takes no value.
_dray_hint() {
  case "$1" in
${[...optionCases("*", shared), ...commands.flatMap(commandCases)].join("\n")}
    :0) hint="words:${names}" ;;
    *) return 1 ;;
  esac
}

_dray_options() {
  case "$1" in
${commands.map((command) => `    ${command.name}) options="${longOptions(command.options)}" ;;`).join("\n")}
    *) options="${longOptions(shared)} --version" ;;
  esac
}

_dray() {
  # COMP_WORDS is also split at ":" and "=", so the line is split again at spaces.
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

  # readline replaces only the part after the last of its break characters.
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

function commandCases({ name, options, positionals }: CompletionCommand): string[] {
  const last = positionals.length - 1;
  const places = positionals.map(({ hint }, i) => {
    const place = i === last && isOpenEnded(positionals) ? "[0-9]*" : String(i);
    return `    ${name}:${place}) hint="${hintText(hint)}" ;;`;
  });
  const own = options.filter(isOwnOption);
  return [...optionCases(name, own), ...places];
}

function optionCases(command: string, options: readonly CompletionOption[]): string[] {
  return options.filter(({ spec }) => spec.kind !== "flag").map(({ long, spec, hint }) => {
    const spellings = [`--${long}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])];
    return `    ${spellings.map((spelling) => `${command}:${spelling}`).join("|")}) hint="${
      hintText(hint)
    }" ;;`;
  });
}

function hintText(hint: CompletionHint | undefined): string {
  if (hint === undefined) return "nothing";
  return typeof hint === "string" ? hint : `words:${hint.join(" ")}`;
}

function longOptions(options: readonly CompletionOption[]): string {
  return options.map(({ long }) => `--${long}`).join(" ");
}
