/**
 * Targets modules that are TypeScript still, as in development: which file is meant, and how this thread comes to read it. A thread does not
 * inherit what the process was taught (a test runner's compiler, tsx in some of its ways), so it is taught here, by the application's own tsx.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import loader from './loader.cjs';

/** What Node says where it cannot read TypeScript at all, or not this. */
const UNREADABLE = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_INVALID_TYPESCRIPT_SYNTAX', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX']);
/** What it says of an import that TypeScript calls by the name it will have (`./names.js`), and of one that is missing indeed. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

export function isTypeScript(url: string): boolean {
  return /^file:[^?#]*\.[cm]?ts(?:[?#]|$)/.test(url);
}

/** The file that is there: `.ts` for `.js` before a build, `.js` for `.ts` after it. */
export function written(module: string): string {
  const [, path = '', kind = '', language = '', rest = ''] = /^(file:[^?#]*\.)([cm]?)([jt])s([?#].*)?$/.exec(module) ?? [];
  if (path === '' || existsSync(new URL(module))) return module;
  const other = `${path}${kind}${language === 'j' ? 't' : 'j'}s${rest}`;
  return existsSync(new URL(other)) ? other : module;
}

/**
 * Imports a `.ts` module: as Node does it, where Node can (type stripping, or a loader that is there already); else by the application's tsx.
 * @throws Error that names both ways out, where there is neither
 */
export async function importTypeScript(url: string, importHere: (url: string) => Promise<object>): Promise<object> {
  try {
    return await importHere(url);
  } catch (error) {
    const code = String((error as { code?: unknown } | null)?.code);
    const isUnreadable = UNREADABLE.has(code);
    // A syntax error: what strips types met something that is more than types.
    const tsx = isUnreadable || NOT_FOUND.has(code) || error instanceof SyntaxError ? tsxOf(url) : null;
    if (tsx === null) throw isUnreadable ? noWayIn(url, error) : error;
    await tsx();
    // Under another URL: Node remembers what failed.
    return loader.importModule(`${url}${url.includes('?') ? '&' : '?'}tsx`);
  }
}

/** How to teach this thread, by the tsx that is installed where the module is; `null`: none is. */
function tsxOf(url: string): (() => Promise<void>) | null {
  const apis = ['./esm/api', './cjs/api'].map((entry) => exportOfTsx(url, entry));
  if (apis.includes(null)) return null;
  return async () => {
    for (const api of apis as string[]) ((await loader.importModule(api)) as { register(): unknown }).register();
  };
}

/** As `import` would find it: `require.resolve` finds what is for `require`, and that teaches nothing here. */
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
