/**
 * Targets modules that are TypeScript still, as in development: which file is meant, and how this thread comes to read it. A thread does not
 * inherit what the process was taught (a test runner's compiler, tsx in some of its ways), so it is taught here, by the application's own tsx.
 */
import { existsSync } from 'node:fs';
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
  const { resolve } = createRequire(url);
  try {
    const entries = ['tsx/esm/api', 'tsx/cjs/api'].map((entry) => pathToFileURL(resolve(entry)).href);
    return async () => {
      for (const entry of entries) ((await loader.importModule(entry)) as { register(): unknown }).register();
    };
  } catch {
    return null;
  }
}

function noWayIn(url: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${fileURLToPath(url)} is TypeScript, and Node ${process.versions.node} cannot read it on this thread: install tsx in the application ` +
      `(npm install --save-dev tsx), or use Node 22.18 or later, which strips types; in production build it, and the .js is taken (${why})`,
    { cause },
  );
}
