/** Loads a targets module, on whichever thread, and says what is wrong with it if it is not one. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { openOn, type OpenableModule } from './targets.js';

/**
 * @param module its URL
 * @param imports modules to import first, in their order
 * @throws what loading throws, or TypeError where the module exports no targets
 */
export async function loadModule(module: string, imports: readonly string[]): Promise<OpenableModule> {
  for (const name of imports) {
    // One after the other, as `--import` does.
    await import(importUrl(name));
  }
  const { default: exported } = (await import(module)) as { default?: Partial<OpenableModule> };
  // A CommonJS module's exports arrive one level deeper.
  const found = exported?.[openOn] === undefined ? (exported as { default?: Partial<OpenableModule> } | undefined)?.default : exported;
  if (typeof found?.[openOn] === 'function') return found as OpenableModule;
  throw new TypeError(
    `${module}: expected 'export default defineTargets(…)', got ${exported === undefined ? 'no default export' : 'another default export'}`,
  );
}

function importUrl(name: string): string {
  if (/^(file|data|node):/.test(name)) return name;
  return pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name)).href;
}
