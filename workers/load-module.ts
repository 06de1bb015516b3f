/** Loads a targets module, on any thread, and says what is wrong if it is not one. */
import { Module } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect, types } from 'node:util';
import loader from './loader.cjs';
import { openOn, type OpenableModule } from './targets.js';
import { importTypeScript, isTypeScript, written } from './typescript.js';

/**
 * @param module its URL; if the file is missing, the one that differs only in `.js` and `.ts` is taken
 * @param imports modules to import first, in order
 * @throws what loading throws, or TypeError if the module exports no targets
 */
export async function loadModule(module: string, imports: readonly string[]): Promise<OpenableModule> {
  try {
    return await load(module, imports);
  } catch (error) {
    // What the application's loader throws comes from another thread, and may not be an error any more.
    if (!types.isNativeError(error)) throw new Error(`${module}: ${inspect(error)}`, { cause: error });
    // For a syntax error in an ES module, Node says neither which module nor where.
    if (error.name === 'SyntaxError') throw new Error(`${module}, or what it imports: ${error.message}`, { cause: error });
    throw error;
  }
}

async function load(module: string, imports: readonly string[]): Promise<OpenableModule> {
  for (const name of imports) {
    // One after the other, as `--import` does.
    await importAhead(name);
  }
  const url = written(module);
  const found = targetsIn(isTypeScript(url) ? await importTypeScript(url, importHere) : await importHere(url));
  if (found.targets !== null) return found.targets;
  throw new TypeError(`${url}: expected 'export default defineTargets(...)', got ${found.hasDefault ? 'another' : 'no'} default export`);
}

/** A CommonJS module's exports arrive one level deeper, and those compiled from an ES module yet another. */
function targetsIn(namespace: object): { readonly targets: OpenableModule | null; readonly hasDefault: boolean } {
  const hasDefault = 'default' in namespace;
  let exported: unknown = namespace;
  for (let depth = 0; depth < 3; depth++) {
    if (typeof exported !== 'object' || exported === null) break;
    if (typeof (exported as Partial<OpenableModule>)[openOn] === 'function') return { targets: exported as OpenableModule, hasDefault };
    exported = (exported as { default?: unknown }).default;
  }
  return { targets: null, hasDefault };
}

/** A test runner with a realm of its own may forbid `import()`: there its `require` loads, and compiles, the module. */
async function importHere(url: string): Promise<object> {
  try {
    return await loader.importModule(url);
  } catch (error) {
    if (!url.startsWith('file:') || !/VM_DYNAMIC_IMPORT|VM_MODULES/.test(String((error as { code?: unknown } | null)?.code))) throw error;
    return loader.requireModule(fileURLToPath(url));
  }
}

/**
 * Imports like `--import`: from the working directory, with a package's `import` entry. `require.resolve` would find its `require` entry, or nothing,
 * and an `import()` written here would resolve from this file: so one is compiled as if it stood there.
 */
function importAhead(name: string): Promise<object> {
  const file = join(process.cwd(), 'imports.cjs');
  // Used by every tool that compiles for `require`, but missing in the declarations.
  const module = new Module(file) as Module & { _compile(code: string, file: string): void };
  module._compile('module.exports = (name) => import(name);', file);
  const importThere = module.exports as (name: string) => Promise<object>;
  // On Windows, `import()` would take a drive letter for a scheme.
  return importThere(isAbsolute(name) ? pathToFileURL(name).href : name);
}
