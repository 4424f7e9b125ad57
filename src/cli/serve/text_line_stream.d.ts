/** Types for the part of `@std/streams/text-line-stream` that the program uses: the npm build has none. */

/**
 * Splits text into lines, without their line breaks (`\n` or `\r\n`). A last line without a line break is
 * kept.
 */
export class TextLineStream extends TransformStream<string, string> {}
