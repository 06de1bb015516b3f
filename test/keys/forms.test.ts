// One look at a payload tells its key and whether it can cross to a thread: it says what two looks would say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { canonicalKey, FORM, formedKey, payloadOf, TOLD, type KeyForm } from '../../workers/canonical.js';
import { inspectCrossing } from '../../workers/crossing.js';

/** What is said of it, once it is known to be so. */
function toldOf(payload: unknown): KeyForm {
  const { key, form } = formedKey(payload, null, true);
  assert.equal(key, canonicalKey(payload));
  if (form === FORM) return form;
  assert.deepStrictEqual([payloadOf(key), orderOf(payloadOf(key))], [payload, orderOf(payload)]);
  assert.equal(inspectCrossing(payload).refusal, null, inspect(payload));
  return form;
}

/** Properties in the order in which they come. */
const orderOf = (value: unknown): string => inspect(value, { depth: null, maxArrayLength: null });

const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0), fc.boolean(), fc.constant(null)); // biome-ignore format: one line
const name = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'c', '1', '10', '9', '\ud800'));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 4 }),
  ),
}));

test('what is drawn is told of as it is', () => {
  const seen = new Map<KeyForm, number>();
  fc.assert(
    fc.property(value, (payload) => {
      const form = toldOf(payload);
      seen.set(form, (seen.get(form) ?? 0) + 1);
    }),
    { numRuns: 2_000 },
  );
  for (const form of [FORM, TOLD] as const) assert.ok((seen.get(form) ?? 0) > 20, `form ${form}: ${seen.get(form)} times`);
});

test('what has a key and could not cross, or says more than its key, and what its key tells', () => {
  const proto: unknown = JSON.parse('{"__proto__":1}');
  // biome-ignore format: one line each
  for (const payload of ['\ud800', { '\ud800': 1 }, { a: '\ud800' }, { get a() { return 1; } }, Object.create(null), proto, undefined]) assert.equal(toldOf(payload), FORM);
  for (const payload of [{ b: 1, a: 2 }, [{ z: 1, y: 2 }], { a: undefined }, { a: [{ b: undefined }] }, { '9': 1, '10': 2 }])
    assert.equal(toldOf(payload), FORM);
  for (const payload of ['text', '', '{a}', 5, true, null, {}, [], { a: 1, b: [{ c: null }] }]) assert.equal(toldOf(payload), TOLD);
});
