/** Types for the part of `@std/streams/text-line-stream` that the tests use: the npm build ships none. */

/** Splits text into lines. */
export class TextLineStream extends TransformStream<string, string> {}
