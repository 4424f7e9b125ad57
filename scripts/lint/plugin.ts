/**
 * The lint rules of this repository, for `deno lint` and for editors. `deno.json` names this file.
 *
 * @module
 */
import { doorOf, isOpen, isProduct } from "./doors.ts";

/** The longest file, in lines; one that is longer wants a split. */
const FILE_MAX_LINES = 400;

/** Objects whose members are doors. */
const GUARDED = new Set(["Deno", "console", "crypto"]);

const ROOT = new URL("../../", import.meta.url).pathname;

/** The file from the root of the repository. */
function pathOf(context: Deno.lint.RuleContext): string {
  return context.filename.startsWith(ROOT) ? context.filename.slice(ROOT.length) : context.filename;
}

function propertyOf(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return node.property.type === "Literal" ? String(node.property.value) : undefined;
}

/** What touches the outside is used only where `doors.ts` has it open. */
const door: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const pass = (node: Deno.lint.Node, name: string) => {
      const found = doorOf(name);
      if (!found || isOpen(found, path)) return;
      const open = found.open.length === 0 ? "nowhere" : `only in ${found.open.join(", ")}`;
      context.report({ node, message: `"${name}" may be used ${open}: ${found.why}` });
    };
    // A parameter may have the name of a global: what is called then is told only at the end of the file.
    const calls: { readonly node: Deno.lint.Node; readonly name: string }[] = [];
    const bound = new Set<string>();
    const bind = (params: Deno.lint.FunctionDeclaration["params"]) => {
      for (const param of params) if (param.type === "Identifier") bound.add(param.name);
    };
    const loads = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      if (source?.type === "Literal") pass(node, String(source.value));
    };
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const { name } = node.object;
        const property = propertyOf(node);
        if (name === "globalThis" && property !== undefined) {
          pass(node, property);
          if (GUARDED.has(property)) report(context, node, `"${property}" must be used by its own name`);
        } else if (GUARDED.has(name)) {
          if (property !== undefined) pass(node, `${name}.${property}`);
          else report(context, node, `"${name}" must be used with a name that can be read here`);
        }
      },
      VariableDeclarator({ id, init }) {
        if (init?.type !== "Identifier") return;
        const { name } = init;
        if (!GUARDED.has(name)) return pass(init, name);
        if (id.type !== "ObjectPattern") {
          return report(context, init, `"${name}" must be used by its own name`);
        }
        for (const part of id.properties) {
          if (part.type === "Property" && part.key.type === "Identifier") {
            pass(part, `${name}.${part.key.name}`);
          } else report(context, init, `"${name}" must be used with a name that can be read here`);
        }
      },
      CallExpression(node) {
        // In `a?.b()` the called thing is wrapped.
        const callee = node.callee.type === "ChainExpression" ? node.callee.expression : node.callee;
        if (callee.type === "Identifier") calls.push({ node, name: callee.name });
        if (callee.type !== "MemberExpression") return;
        const property = propertyOf(callee);
        // The file methods that flush take nothing; `sync(folder)` is something of ours.
        if (property === undefined || (property.startsWith("sync") && node.arguments.length > 0)) return;
        pass(node, `.${property}()`);
      },
      ArrowFunctionExpression: (node) => bind(node.params),
      FunctionDeclaration: (node) => bind(node.params),
      FunctionExpression: (node) => bind(node.params),
      "Program:exit"() {
        for (const { node, name } of calls) if (!bound.has(name)) pass(node, name);
      },
      ImportDeclaration: (node) => loads(node, node.source),
      ExportNamedDeclaration: (node) => loads(node, node.source),
      ExportAllDeclaration: (node) => loads(node, node.source),
      ImportExpression: (node) => loads(node, node.source),
    };
  },
};

function report(context: Deno.lint.RuleContext, node: Deno.lint.Node, message: string): void {
  if (isProduct(pathOf(context))) context.report({ node, message });
}

/** A file has one idea. */
const fileLength: Deno.lint.Rule = {
  create: (context) => ({
    Program() {
      const { text } = context.sourceCode;
      const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
      if (lines <= FILE_MAX_LINES || /^\/\/ @generated/m.test(text.slice(0, 1000))) return;
      context.report({
        range: [0, 0],
        message: `${lines} lines, want at most ${FILE_MAX_LINES}: split the file`,
      });
    },
  }),
};

/** What is left to do has an issue: `TODO(#12): …`. */
const todo: Deno.lint.Rule = {
  create: (context) => ({
    Program() {
      for (const { value, range } of context.sourceCode.getAllComments()) {
        if (!/\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\):)/.test(value)) continue;
        context.report({ range, message: "What is left to do needs an issue: TODO(#12): …" });
      }
    },
  }),
};

const plugin: Deno.lint.Plugin = {
  name: "dray",
  rules: { door, "file-length": fileLength, todo },
};

export default plugin;
