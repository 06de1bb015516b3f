/**
 * Targets modules that are still TypeScript, as in development: which file is meant, and how this thread can load it. A thread does not inherit the
 * process's loaders (a test runner's compiler, tsx in some of its modes), so the application's own tsx is registered here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import loader from './loader.cjs';

/** Node's codes when it cannot load TypeScript at all, or not this file. */
const UNREADABLE = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_INVALID_TYPESCRIPT_SYNTAX', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX']);
/** Its codes for an import by the name after compilation (`./names.js`), and for one that is really missing. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

export function isTypeScript(url: string): boolean {
  return /^file:[^?#]*\.[cm]?ts(?:[?#]|$)/.test(url);
}

/** The file that exists: `.ts` for `.js` before a build, `.js` for `.ts` after it. */
export function written(module: string): string {
  const [, path = '', kind = '', language = '', rest = ''] = /^(file:[^?#]*\.)([cm]?)([jt])s([?#].*)?$/.exec(module) ?? [];
  if (path === '' || existsSync(new URL(module))) return module;
  const other = `${path}${kind}${language === 'j' ? 't' : 'j'}s${rest}`;
  return existsSync(new URL(other)) ? other : module;
}

/**
 * Imports a `.ts` module: by Node itself, if it can (type stripping, or a registered loader); else by the application's tsx.
 * @throws Error that names both solutions, if neither works
 */
export async function importTypeScript(url: string, importHere: (url: string) => Promise<object>): Promise<object> {
  try {
    return await importHere(url);
  } catch (error) {
    const code = String((error as { code?: unknown } | null)?.code);
    const isUnreadable = UNREADABLE.has(code);
    // A syntax error: type stripping met syntax that is more than types.
    const tsx = isUnreadable || NOT_FOUND.has(code) || error instanceof SyntaxError ? tsxOf(url) : null;
    if (tsx === null) throw isUnreadable ? noWayIn(url, error) : error;
    await tsx();
    // Under another URL, since Node remembers the failure.
    return loader.importModule(`${url}${url.includes('?') ? '&' : '?'}tsx`);
  }
}

/** How to register the tsx that is installed where the module is; `null`: none is. */
function tsxOf(url: string): (() => Promise<void>) | null {
  const apis = ['./esm/api', './cjs/api'].map((entry) => exportOfTsx(url, entry));
  if (apis.includes(null)) return null;
  return async () => {
    for (const api of apis as string[]) ((await loader.importModule(api)) as { register(): unknown }).register();
  };
}

/** Resolved as `import` would: `require.resolve` finds the `require` entry, which registers nothing useful here. */
function exportOfTsx(url: string, entry: string): string | null {
  try {
    const manifest = createRequire(url).resolve('tsx/package.json');
    const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, { import: { default: string } }> };
    const path = exports[entry]?.import.default;
    return path === undefined ? null : new URL(path, pathToFileURL(manifest)).href;
  } catch {
    return null;
  }
}

function noWayIn(url: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  const isStripped = (cause as { code?: unknown } | null)?.code !== 'ERR_UNKNOWN_FILE_EXTENSION';
  const otherwise = isStripped ? 'write what is left when types are stripped' : 'use Node 22.18 or later, which strips types';
  return new Error(
    `${fileURLToPath(url)} is TypeScript, and Node ${process.versions.node} cannot read it on this thread: install tsx in the application ` +
      `(npm install --save-dev tsx), or ${otherwise}; in production build it, and the .js is taken (${why})`,
    { cause },
  );
}
