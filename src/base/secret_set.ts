/**
 * Known secrets, and hiding them in text that a server sent.
 *
 * @module
 */
import { base64FromText } from "./base64.ts";
import { AppError, messageOf } from "./errors.ts";

/** Replaces a secret. */
const HIDDEN = "REDACTED";
/** A shorter secret is hidden only as a whole word: hiding `a` in every word would make each message unreadable. */
const ANYWHERE_MIN_LENGTH = 8;
/** Issued secrets to remember: a server that sends a new token with each response must not fill the memory. */
const ISSUED_MAX = 100;
/** The ways to escape an apostrophe in HTML, next to `&quot;`. */
const APOSTROPHES = ["'", "&#39;", "&#x27;", "&#039;", "&apos;"];
/** Causes to rewrite; a longer chain is cut. */
const CAUSES_MAX = 8;

/** Control and format characters: a terminal shows a secret that contains them as if it didn't. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;

/** A URL's user information, and its query and fragment: signed URLs have their secrets there. */
const URL_USER = /(https?:\/\/)[^\s"'<>/?#@]*@/gi;
const URL_QUERY = /(https?:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/gi;

/**
 * Secrets that were exchanged with one server. The server may quote any of them in its responses, which we quote in
 * errors, warnings and events.
 */
export class SecretSet {
  readonly #own = new Set<string>();
  readonly #issued = new Set<string>();
  #pattern: RegExp | undefined;

  /**
   * Adds a secret of the user. It is also hidden percent-encoded once or twice, JSON-escaped, HTML-escaped, in base64 or
   * base64url, and without padding.
   */
  add(secret: string): void {
    if (this.#own.has(secret)) return;
    this.#own.add(secret);
    this.#pattern = undefined;
  }

  /**
   * Adds a secret that the server issued, such as a token. It may displace earlier ones, but never the user's. It is
   * hidden in the same forms except base64: the pattern of a hundred long tokens would take too long to compile.
   */
  addIssued(secret: string): void {
    if (this.#issued.has(secret)) return;
    const [oldest] = this.#issued;
    if (this.#issued.size >= ISSUED_MAX && oldest !== undefined) this.#issued.delete(oldest);
    this.#issued.add(secret);
    this.#pattern = undefined;
  }

  /**
   * Replaces the secrets in a text in any case, and removes users, queries and fragments of URLs. Replaces the whole text
   * if control or format characters divide a secret.
   */
  hide(text: string): string {
    const withoutUrls = text.replace(URL_USER, "$1").replace(URL_QUERY, "$1");
    this.#pattern ??= this.#makePattern();
    if (this.#pattern === undefined) return withoutUrls;
    const hidden = withoutUrls.replace(this.#pattern, HIDDEN);
    const visible = hidden.replace(INVISIBLE, "");
    return visible !== hidden && visible.search(this.#pattern) >= 0 ? HIDDEN : hidden;
  }

  /** Undefined without secrets. */
  #makePattern(): RegExp | undefined {
    const own = [...this.#own].flatMap((secret) => [secret, base64FromText(secret)]);
    const texts = [...own, ...this.#issued].filter((text) => text !== "");
    return texts.length === 0 ? undefined : patternOf(texts.flatMap(variantsOf));
  }

  /** Returns the error with the secrets hidden in its message, details and causes. */
  hideIn(error: AppError): AppError {
    return this.#hideInChain(error, CAUSES_MAX) as AppError;
  }

  #hideInChain(error: unknown, remaining: number): unknown {
    if (!(error instanceof Error)) return error === undefined ? undefined : this.hide(messageOf(error));
    const cause = remaining > 0 ? this.#hideInChain(error.cause, remaining - 1) : undefined;
    const message = this.hide(error.message);
    if (error instanceof AppError) {
      const details = Object.fromEntries(
        Object.entries(error.details).map(([name, value]) => [name, this.#hideInDetail(value)]),
      );
      const isSame = message === error.message && cause === error.cause &&
        JSON.stringify(details) === JSON.stringify(error.details);
      return isSame ? error : new AppError(error.code, message, { details, cause });
    }
    if (message === error.message && cause === error.cause) return error;
    const copy = new Error(message, { cause });
    copy.name = error.name;
    return copy;
  }

  #hideInDetail(value: AppError["details"][string]): AppError["details"][string] {
    if (typeof value === "string") return this.hide(value);
    return Array.isArray(value) ? value.map((item: string) => this.hide(item)) : value;
  }
}

function variantsOf(secret: string): readonly string[] {
  return [secret, secret.replace(/=+$/, ""), secret.replace(INVISIBLE, "")].flatMap((text) => {
    const percent = encodeURIComponent(text.toWellFormed());
    const form = new URLSearchParams({ "": text }).toString().slice(1);
    const json = JSON.stringify(text).slice(1, -1);
    const html = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return [
      text,
      percent,
      encodeURIComponent(percent),
      form,
      encodeURIComponent(form),
      json,
      json.replace(/[^ -~]/g, escapeUnit),
      // Go also escapes the characters of HTML, but nothing else.
      json.replace(/[<>&]/g, escapeUnit),
      json.replace(/[<>&]|[^ -~]/g, escapeUnit),
      html,
      ...APOSTROPHES.map((apostrophe) => html.replaceAll('"', "&quot;").replaceAll("'", apostrophe)),
      html.replaceAll('"', "&#34;").replaceAll("'", "&#39;"),
      text.replaceAll("+", "-").replaceAll("/", "_"),
    ];
  });
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The longest text first: a secret that begins with another one must not be hidden only in part. */
function patternOf(texts: readonly string[]): RegExp {
  const sorted = [...new Set(texts)].filter((text) => text !== "").sort((a, b) => b.length - a.length);
  const parts = sorted.map((text) => {
    const literal = text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    if (text.length >= ANYWHERE_MIN_LENGTH) return literal;
    return `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
  });
  return new RegExp(parts.join("|"), "giu");
}
