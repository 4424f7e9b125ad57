/**
 * The completion script for fish.
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
export function fishCompletions(table: CommandTable): string {
  const commands = completionCommands(table);
  const valued = globalOptions(table).filter(({ spec }) => spec.kind !== "flag");
  return `# Completion of dray for fish: dray completions fish > ~/.config/fish/completions/dray.fish

# Prints the command and its arguments, without options.
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

# Whether the line has this COMMAND; with COUNT, whether it has exactly COUNT arguments.
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
${globalOptions(table).map((option) => `complete -c dray${optionWords(option)}`).join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines({ name, options, positionals }: CompletionCommand): string[] {
  const own = options.filter(isOwnOption);
  const last = positionals.length - 1;
  return [
    ...own.map((option) => `complete -c dray -n '__dray_at ${name}'${optionWords(option)}`),
    ...positionals.flatMap(({ hint }, i) => {
      if (hint === undefined) return [];
      const place = i === last && isOpenEnded(positionals) ? "" : ` ${i}`;
      return [`complete -c dray -n '__dray_at ${name}${place}'${hintText(hint)}`];
    }),
  ];
}

function optionWords({ long, spec, hint }: CompletionOption): string {
  const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
  const value = spec.kind === "flag" ? "" : ` -r${hint === undefined ? " -f" : hintText(hint)}`;
  return `${short} -l ${long}${value} -d ${quote(spec.summary)}`;
}

function hintText(hint: CompletionHint): string {
  switch (hint) {
    case "image":
      return " -a '(__dray_images)'";
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
