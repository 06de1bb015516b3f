/** Builds that are worse on purpose, made of a good one: what a gate is for, so it must catch them. */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { entryOf } from '../build.js';

export interface Mutant {
  readonly name: string;
  /** Statements of `createCoalescer`, after the true `coalescer` was made. */
  readonly patch: string;
}

/** About 150 ns: an eighth of a flight, two joins. */
export const slowed: Mutant = {
  name: 'each request does about 150 ns of work more',
  patch: `
  const { request } = coalescer.constructor.prototype;
  let sum = 0;
  coalescer.request = function slow(payload, options) {
    for (let at = 0; at < 150; at++) sum = (sum + at) & 1023;
    return sum < 0 ? undefined : request.call(this, payload, options);
  };`,
};

/** One upstream call more for a thousand requests. No clock would see it. */
export const deaf: Mutant = {
  name: 'one request in a thousand does not join',
  patch: `
  const { request } = coalescer.constructor.prototype;
  let count = 0;
  coalescer.request = function deaf(payload, options) {
    return ++count % 1000 === 0 ? request.call(this, payload, { ...options, fresh: true }) : request.call(this, payload, options);
  };`,
};

/** A copy of a build whose `createCoalescer` is wrapped: it needs nothing of the true one but its name. */
export function mutate(root: string, { patch }: Mutant): { readonly root: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'coalescer-mutant-'));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const entry = entryOf(folder);
  cpSync(entry, join(dirname(entry), 'true-index.js'));
  const lines = [
    "export * from './true-index.js';",
    "import { createCoalescer as make } from './true-index.js';",
    'export function createCoalescer(options) {',
    '  const coalescer = make(options);',
    patch,
    '  return coalescer;',
    '}',
  ];
  writeFileSync(entry, lines.join('\n'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return { root: folder, remove };
}
