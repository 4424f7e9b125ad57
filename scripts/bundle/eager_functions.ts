/**
 * Makes V8 compile functions when it loads a file instead of at their first call.
 *
 * Deno's code cache is written when a file has been loaded, before any function was called. V8 compiles most functions
 * at their first call, so they aren't in the cache: a pull compiled about 500 functions in every run, which took a sixth
 * of the time of a pull without downloads. V8 compiles a function in parentheses eagerly, because it is likely to be
 * called immediately. A compiled binary has no code cache, so there this would only slow down the start.
 *
 * @module
 */

/** A node of the ESTree syntax tree, with its position in the text. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/**
 * Puts parentheses around functions. Function declarations become variables at the top of the file, before any code that
 * calls them. A file that is loaded earlier can't call them, so imports must not be cyclic. A function must not assign
 * to its own name.
 *
 * @param isEager reports whether the top-level statement that starts at this offset is to be compiled eagerly
 * @returns a module with the same behaviour
 * @throws Error if the code isn't a valid module
 */
export async function withEagerFunctions(
  code: string,
  isEager: (start: number) => boolean = () => true,
): Promise<string> {
  // Imported lazily: rollup loads native code, which scripts that only need `DIST` may not be permitted to do.
  const { parseAst } = await import("rollup/parseAst");
  const program: unknown = parseAst(code);
  const statements = isNode(program) ? childrenOf(program) : [];
  const head = statements.findLast(({ type }) => type === "ImportDeclaration")?.end ?? 0;
  const declared: string[] = [];
  const rest: string[] = [];
  let at = head;
  for (const statement of statements) {
    const { type, start, end, id } = statement;
    if (start < head || !isEager(start)) continue;
    rest.push(code.slice(at, start));
    const text = inParentheses(code, statement);
    if (type === "FunctionDeclaration" && isNode(id)) {
      declared.push(`var ${id.name} = (${text});\n`);
      // Otherwise the statements before and after the declaration could merge.
      rest.push(";");
    } else rest.push(text);
    at = end;
  }
  return [code.slice(0, head), "\n", ...declared, ...rest, code.slice(at)].join("");
}

/** Returns the text of a node, with parentheses around each function expression in it. */
function inParentheses(code: string, node: Node): string {
  const pieces: string[] = [];
  let at = node.start;
  for (const child of childrenOf(node)) {
    // In `{ a }` and `{ a = 1 }` the key and the value start at the same offset.
    if (child.start < at) continue;
    const text = inParentheses(code, child);
    const isValue = isFunctionExpression(child) && !isMethod(node);
    pieces.push(code.slice(at, child.start), isValue ? `(${text})` : text);
    at = child.end;
  }
  pieces.push(code.slice(at, node.end));
  return pieces.join("");
}

function childrenOf(node: Node): readonly Node[] {
  // Fields that begin with "_" are rollup's own annotations, not nodes.
  const fields = Object.entries(node).filter(([name]) => !name.startsWith("_"));
  return fields.flatMap(([, value]) => value).filter(isNode).sort((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && "end" in value;
}

function isFunctionExpression({ type }: Node): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

/** Reports whether a node is written `name() {}`, whose function must not get parentheses. */
function isMethod({ type, method, kind }: Node): boolean {
  return type === "MethodDefinition" || type === "Property" && (method === true || kind !== "init");
}
