/**
 * `dray help exit-codes`
 *
 * @module
 */
import { EXITS } from "../../table/exit_codes.ts";
import { paragraph, terms, type TopicDocument } from "./document.ts";

/** The contents of the topic. */
export const EXIT_CODES_TOPIC: TopicDocument = [
  terms(Object.values(EXITS).map(([code, meaning]) => [String(code), meaning] as const)),
  paragraph(
    "Errors say what failed, on which object, and what was expected. With --log-format json the error is a",
    'JSON object that contains the exit code (see "dray help json").',
  ),
];
