/**
 * The completion script for fish.
 *
 * @module
 */
import { GLOBAL_OPTIONS } from "../table/shared.ts";
import type { Hint } from "../table/types.ts";
import {
  hintOf,
  IMAGE_NAMES_LINE,
  isOpenEnded,
  type NamedCommand,
  namedCommands,
  type NamedOption,
  namedOptions,
} from "./model.ts";

/** The script. */
export function fishCompletions(): string {
  const commands = namedCommands();
  const valued = namedOptions(GLOBAL_OPTIONS).filter(({ spec }) => spec.kind !== "flag");
  return `# Completion of dray for fish: dray completions fish > ~/.config/fish/completions/dray.fish

# Prints the command of the line and the words after it, without options.
function __dray_words
    set -l words (commandline -opc)
    set -l skip 1
    for word in $words
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${valued.map(({ long }) => quote(`--${long}`)).join(" ")}
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

# Whether COMMAND is there, with no more than COUNT words after it if COUNT is given.
function __dray_at
    set -l words (__dray_words)
    test (count $words) -gt 0; and test "$words[1]" = $argv[1]; or return 1
    test (count $argv) -lt 2; or test (count $words) -eq (math $argv[2] + 1)
end

function __dray_images
    ${IMAGE_NAMES_LINE}
end

complete -c dray -f
${
    commands.map(({ name, summary }) =>
      `complete -c dray -n 'test (count (__dray_words)) -eq 0' -a ${name} -d ${quote(summary)}`
    ).join("\n")
  }
complete -c dray -n 'test (count (__dray_words)) -eq 0' -l version -d 'print the version'
${namedOptions(GLOBAL_OPTIONS).map((option) => `complete -c dray${optionText(option)}`).join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines({ name, options, positionals }: NamedCommand): string[] {
  const own = options.filter(({ long }) => !Object.hasOwn(GLOBAL_OPTIONS, long));
  const last = positionals.length - 1;
  return [
    ...own.map((option) => `complete -c dray -n '__dray_at ${name}'${optionText(option)}`),
    ...positionals.flatMap(({ hint }, i) => {
      if (hint === undefined) return [];
      const place = i === last && isOpenEnded(positionals) ? "" : ` ${i}`;
      return [`complete -c dray -n '__dray_at ${name}${place}'${hintText(hint)}`];
    }),
  ];
}

function optionText({ long, spec }: NamedOption): string {
  const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
  const hint = hintOf(spec);
  const value = spec.kind === "flag" ? "" : ` -r${hint === undefined ? " -f" : hintText(hint)}`;
  return `${short} -l ${long}${value} -d ${quote(spec.summary)}`;
}

function hintText(hint: Hint): string {
  switch (hint) {
    case "image":
      return " -a '(__dray_images)'";
    case "command":
      return ` -a ${quote(namedCommands().map(({ name }) => name).join(" "))}`;
    case "file":
      return " -F";
    case "directory":
      return " -f -a '(__fish_complete_directories)'";
    default:
      return ` -f -a ${quote(hint.join(" "))}`;
  }
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
