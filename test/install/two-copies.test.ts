// One process may hold the package twice: a service that was compiled to CommonJS requires it, a module of its targets imports it, or the other
// way round. What each makes, the other takes; errors are told apart by code; a flight's report is found whoever is asked.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as imported from '../../src/index.js';

const require = createRequire(import.meta.url);
const required = require('coalescer') as typeof imported;

// Inside of dist, where `coalescer` is the package itself.
const folder = join(import.meta.dirname, 'two-copies');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
after(() => rmSync(folder, { recursive: true, force: true }));

const body = `defineTargets(() => ({
  primary: async (payload) => {
    if (payload === 'fail') throw Object.assign(new Error('no such thing'), { status: 404 });
    throw new Error('primary is away');
  },
  backup: async (payload) => payload.toUpperCase(),
}))`;
const modules = {
  'imports it': write('targets.mjs', `import { defineTargets } from 'coalescer';\nexport default ${body};\n`),
  'requires it': write('targets.cjs', `const { defineTargets } = require('coalescer');\nmodule.exports = ${body};\n`),
  'was compiled from an ES module': write(
    'compiled.cjs',
    `Object.defineProperty(exports, '__esModule', { value: true });\nconst coalescer_1 = require('coalescer');\nexports.default = (0, coalescer_1.${body.replace('(', ')(')};\n`,
  ),
};

function write(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return join(folder, name);
}

test('there are two copies', () => {
  assert.notEqual(required.createCoalescer, imported.createCoalescer);
  assert.notEqual(required.CoalescerError, imported.CoalescerError);
});

for (const [kind, service, other] of [
  ['imported', imported, required],
  ['required', required, imported],
] as const) {
  for (const [how, path] of Object.entries(modules)) {
    for (const threads of [0, 1]) {
      test(`a service that ${kind} it flies a targets module that ${how}, ${threads === 0 ? 'on its own thread' : 'on a thread'}`, async () => {
        const targets = other.threadTargets<imported.TargetsModule<Record<string, (payload: string) => Promise<string>>, void>>(path, {
          threads,
          spare: false,
        });
        const coalescer = service.createCoalescer({ name: 'copies', scope: 'public', targets });
        await coalescer.ready();
        assert.deepEqual(await Promise.all([coalescer.request('a'), coalescer.request('a')]), ['A', 'A']);
        assert.equal(coalescer.stats().targets['primary']?.attempts, 1);
        await assert.rejects(coalescer.request('fail'), { status: 404, message: 'no such thing' });
        await coalescer.close();
      });
    }
  }

  test(`an error of the copy that was ${kind} is known to the other one`, async () => {
    const coalescer = service.createCoalescer({
      name: 'errors',
      scope: 'public',
      targets: { one: () => Promise.reject(new Error('away')), two: () => Promise.reject(new Error('away too')) },
    });
    const error: unknown = await coalescer.request('x').catch((reason: unknown) => reason);
    assert.ok(!(error instanceof other.CoalescerError));
    assert.ok(other.isCoalescerError(error, 'COALESCER_TARGETS_FAILED'));
    assert.deepEqual(
      other.flightOf(error)?.attempts.map(({ target }) => target),
      ['one', 'two'],
    );
    await coalescer.close();
  });
}

test('a module by its URL is the same as by its path', async () => {
  const targets = required.threadTargets<imported.TargetsModule<Record<string, (payload: string) => Promise<string>>, void>>(
    pathToFileURL(modules['imports it']),
    { threads: 0 },
  );
  const coalescer = required.createCoalescer({ scope: 'public', targets });
  assert.equal(await coalescer.request('b'), 'B');
  await coalescer.close();
});
