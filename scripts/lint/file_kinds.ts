/**
 * The kinds of files that the lint rules and the module checks tell apart.
 *
 * @module
 */

/** Whether a file is part of the program: `main.ts`, and everything under `src` except tests. */
export function isProduct(path: string): boolean {
  return path === "main.ts" || (path.startsWith("src/") && !isTestFile(path));
}

/** Whether a file under `src` is test code: `*_test.ts` and the test helpers `test_*.ts` and `*_fake.ts`. */
export function isTestFile(path: string): boolean {
  return /(?:_test|_fake|\/test_[^/]*)\.ts$/.test(path);
}

/** Whether a file was generated from another file, according to the comment at its start. */
export function isGenerated(text: string): boolean {
  return /^\/\/ @generated/m.test(text.slice(0, 1000));
}
