/** Loads a targets module, on whichever thread, and says what is wrong with it if it is not one. */
import { Module } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect, types } from 'node:util';
import loader from './loader.cjs';
import { openOn, type OpenableModule } from './targets.js';
import { importTypeScript, isTypeScript, written } from './typescript.js';

/**
 * @param module its URL; where there is no such file, one that differs in `.js` and `.ts` alone is taken
 * @param imports modules to import first, in their order
 * @throws what loading throws, or TypeError where the module exports no targets
 */
export async function loadModule(module: string, imports: readonly string[]): Promise<OpenableModule> {
  try {
    return await load(module, imports);
  } catch (error) {
    // What a loader of the application's throws came from a thread of its own, and may be an error no more.
    if (!types.isNativeError(error)) throw new Error(`${module}: ${inspect(error)}`, { cause: error });
    // Node says of an ES module's syntax neither whose it is nor where.
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
  throw new TypeError(`${url}: expected 'export default defineTargets(…)', got ${found.hasDefault ? 'another' : 'no'} default export`);
}

/** A CommonJS module's exports arrive one level deeper, and those of one that a compiler made of an ES module yet another. */
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

/** A test runner that runs tests in a realm of its own may not let it `import()`: there its `require` loads, and compiles, the module. */
async function importHere(url: string): Promise<object> {
  try {
    return await loader.importModule(url);
  } catch (error) {
    if (!url.startsWith('file:') || !/VM_DYNAMIC_IMPORT|VM_MODULES/.test(String((error as { code?: unknown } | null)?.code))) throw error;
    return loader.requireModule(fileURLToPath(url));
  }
}

/**
 * As `--import` does it: from the working directory, and what a package has for `import`. `require.resolve` would find what it has for `require`, or
 * nothing, and an `import()` written here looks beside this file: so one is compiled there.
 */
function importAhead(name: string): Promise<object> {
  const file = join(process.cwd(), 'imports.cjs');
  // What every tool that compiles for `require` calls; no declaration tells of it.
  const module = new Module(file) as Module & { _compile(code: string, file: string): void };
  module._compile('module.exports = (name) => import(name);', file);
  const importThere = module.exports as (name: string) => Promise<object>;
  // Windows has drive letters, which `import()` takes for schemes.
  return importThere(isAbsolute(name) ? pathToFileURL(name).href : name);
}
