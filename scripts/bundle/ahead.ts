/**
 * Lets the engine compile functions when it loads a file, and not at their first call.
 *
 * The runtime keeps the compiled code of a file from one start to the next, but takes it down before anything was
 * called, and V8 compiles most functions at their first call: a pull compiled some 500 anew at each start, a sixth of
 * the time of one that has nothing to bring. A function in parentheses is compiled along with what is around it, since
 * it looks as if it was called at once. Where nothing is kept, in a compiled binary, this would only cost.
 *
 * @module
 */

/** A part of a program as ESTree has it, and where it stands. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/**
 * Puts parentheses around functions; those that the file declares go to its head, where all of it can call them. Other
 * files that are loaded before it can't: there must be no cycle of imports. No function may assign to its own name.
 *
 * @param isWanted says, of the place where a statement of the file begins, whether to compile ahead what is in it
 * @returns a module that does the same
 * @throws Error for what is no module
 */
export async function compiledAhead(
  code: string,
  isWanted: (start: number) => boolean = () => true,
): Promise<string> {
  // Loaded here: whoever only wants to know where bundles go has no right to load native code.
  const { parseAst } = await import("rollup/parseAst");
  const program: unknown = parseAst(code);
  const statements = isNode(program) ? childrenOf(program) : [];
  const head = statements.findLast(({ type }) => type === "ImportDeclaration")?.end ?? 0;
  const declared: string[] = [];
  const rest: string[] = [];
  let at = head;
  for (const statement of statements) {
    const { type, start, end, id } = statement;
    if (start < head || !isWanted(start)) continue;
    rest.push(code.slice(at, start));
    const text = inParentheses(code, statement);
    if (type === "FunctionDeclaration" && isNode(id)) {
      declared.push(`var ${id.name} = (${text});\n`);
      // What stood on both sides must not become one statement.
      rest.push(";");
    } else rest.push(text);
    at = end;
  }
  return [code.slice(0, head), "\n", ...declared, ...rest, code.slice(at)].join("");
}

/** The text of a part, with parentheses around each function in it that is a value. */
function inParentheses(code: string, node: Node): string {
  const pieces: string[] = [];
  let at = node.start;
  for (const child of childrenOf(node)) {
    // In `{ a }` and `{ a = 1 }` the name and the value begin at the same place.
    if (child.start < at) continue;
    const text = inParentheses(code, child);
    pieces.push(code.slice(at, child.start), isValue(child) && !isMethod(node) ? `(${text})` : text);
    at = child.end;
  }
  pieces.push(code.slice(at, node.end));
  return pieces.join("");
}

function childrenOf(node: Node): readonly Node[] {
  // What begins with "_" is the parser's own: comments that it has understood.
  const fields = Object.entries(node).filter(([name]) => !name.startsWith("_"));
  return fields.flatMap(([, value]) => value).filter(isNode).sort((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && "end" in value;
}

function isValue({ type }: Node): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

/** What is written `name() {}`: its function is all but the name. */
function isMethod({ type, method, kind }: Node): boolean {
  return type === "MethodDefinition" || type === "Property" && (method === true || kind !== "init");
}
