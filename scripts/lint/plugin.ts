/**
 * The lint rules of this repository. `deno lint` and editors load them through `deno.json`.
 *
 * @module
 */
import { isGenerated, isProduct } from "./file_kinds.ts";
import { isAllowed, restrictedApiOf } from "./restricted_apis.ts";

/** The maximum length of a file, in lines. Generated files are exempt. */
const FILE_MAX_LINES = 400;

/** Objects with restricted members. Assigning one to a variable would hide which of its members are used. */
const GUARDED = new Set(["Deno", "console", "crypto"]);

const ROOT = new URL("../../", import.meta.url).pathname;

/** The path of the linted file, relative to the root of the repository. */
function pathOf(context: Deno.lint.RuleContext): string {
  return context.filename.startsWith(ROOT) ? context.filename.slice(ROOT.length) : context.filename;
}

function propertyOf(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return node.property.type === "Literal" ? String(node.property.value) : undefined;
}

/** Restricted APIs are used only in the files that `restricted_apis.ts` lists. */
const restrictedApi: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const check = (node: Deno.lint.Node, name: string) => {
      const api = restrictedApiOf(name);
      if (!api || isAllowed(api, path)) return;
      const message = api.allowed.length === 0
        ? `"${name}" must not be used: ${api.reason}`
        : `"${name}" may be used only in ${api.allowed.join(", ")}: ${api.reason}`;
      context.report({ node, message });
    };
    // A parameter may shadow a global, so calls are checked at the end, when all parameters are known.
    const calls: { readonly node: Deno.lint.Node; readonly name: string }[] = [];
    const bound = new Set<string>();
    const bind = (params: Deno.lint.FunctionDeclaration["params"]) => {
      for (const param of params) if (param.type === "Identifier") bound.add(param.name);
    };
    const checkSource = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      if (source?.type === "Literal") check(node, String(source.value));
    };
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const { name } = node.object;
        const property = propertyOf(node);
        if (name === "globalThis" && property !== undefined) {
          check(node, property);
          if (GUARDED.has(property)) report(context, node, `"${property}" must be used under its own name`);
        } else if (GUARDED.has(name)) {
          if (property !== undefined) check(node, `${name}.${property}`);
          else report(context, node, `"${name}" must be used with a literal member name`);
        }
      },
      VariableDeclarator({ id, init }) {
        if (init?.type !== "Identifier") return;
        const { name } = init;
        if (!GUARDED.has(name)) return check(init, name);
        if (id.type !== "ObjectPattern") {
          return report(context, init, `"${name}" must be used under its own name`);
        }
        for (const part of id.properties) {
          if (part.type === "Property" && part.key.type === "Identifier") {
            check(part, `${name}.${part.key.name}`);
          } else report(context, init, `"${name}" must be used with a literal member name`);
        }
      },
      CallExpression(node) {
        // In `a?.b()` the callee is wrapped in a ChainExpression.
        const callee = node.callee.type === "ChainExpression" ? node.callee.expression : node.callee;
        if (callee.type === "Identifier") calls.push({ node, name: callee.name });
        if (callee.type !== "MemberExpression") return;
        const property = propertyOf(callee);
        // The sync methods of a Deno.FsFile take no arguments; `sync(directory)` is a method of the store.
        if (property === undefined || (property.startsWith("sync") && node.arguments.length > 0)) return;
        check(node, `.${property}()`);
      },
      ArrowFunctionExpression: (node) => bind(node.params),
      FunctionDeclaration: (node) => bind(node.params),
      FunctionExpression: (node) => bind(node.params),
      "Program:exit"() {
        for (const { node, name } of calls) if (!bound.has(name)) check(node, name);
      },
      ImportDeclaration: (node) => checkSource(node, node.source),
      ExportNamedDeclaration: (node) => checkSource(node, node.source),
      ExportAllDeclaration: (node) => checkSource(node, node.source),
      ImportExpression: (node) => checkSource(node, node.source),
    };
  },
};

function report(context: Deno.lint.RuleContext, node: Deno.lint.Node, message: string): void {
  if (isProduct(pathOf(context))) context.report({ node, message });
}

/** A file covers one idea, which takes few lines. */
const fileLength: Deno.lint.Rule = {
  create: (context) => ({
    Program() {
      const { text } = context.sourceCode;
      const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
      if (lines <= FILE_MAX_LINES || isGenerated(text)) return;
      context.report({
        range: [0, 0],
        message: `${lines} lines, the limit is ${FILE_MAX_LINES}: split the file`,
      });
    },
  }),
};

/** Comments about unfinished work name an issue. */
const todo: Deno.lint.Rule = {
  create: (context) => ({
    Program() {
      for (const { value, range } of context.sourceCode.getAllComments()) {
        if (!/\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\):)/.test(value)) continue;
        context.report({ range, message: "A TODO must name an issue: TODO(#12): …" });
      }
    },
  }),
};

const plugin: Deno.lint.Plugin = {
  name: "dray",
  rules: { "restricted-api": restrictedApi, "file-length": fileLength, todo },
};

export default plugin;
