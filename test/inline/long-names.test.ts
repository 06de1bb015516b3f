// Names that came over the wire (a payload's, an option's, a target's, a flight's) may be megabytes long. Errors are logged, and tell the first of them only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequest } from '../../src/requests.js';
import { createCoalescer, type CoalescerError } from '../../src/index.js';

const NAME = 'n'.repeat(1_000_000);
const most = (error: Error): number =>
  Math.max(error.message.length, (error.stack ?? '').length, (error as CoalescerError).path?.length ?? 0);

const asking: Readonly<Record<string, (coalescer: ReturnType<typeof open>['coalescer']) => unknown>> = {
  'a payload': (coalescer) => coalescer.request(JSON.parse(`{"${NAME}":{"${NAME} ":[-0]}}`)),
  'a class': (coalescer) =>
    coalescer.request([
      new (
        {
          [NAME]: class {
            readonly id = 1;
          },
        }[NAME] as new () => object
      )(),
    ]),
  'an option': (coalescer) => coalescer.request('a', { [NAME]: 1 }),
  'a target': (coalescer) => coalescer.request('a', { targets: [NAME] }),
  'a flight': (coalescer) => coalescer.stream('a', { from: 1, flight: NAME }).opened,
  'what is to be forgotten': (coalescer) => coalescer.forget({ scope: null, [NAME]: 1 }),
};

function open() {
  let calls = 0;
  const coalescer = createCoalescer({ scope: 'public', targets: { only: async (payload: unknown) => [++calls, payload] } });
  return { coalescer, calls: () => calls };
}

for (const [what, ask] of Object.entries(asking)) {
  test(`an error tells so much of the name of ${what}, and no more`, async () => {
    const { coalescer, calls } = open();
    const error = (await (async () => ask(coalescer))().catch((reason: unknown) => reason)) as Error;
    assert.equal(calls(), 0);
    assert.ok(error instanceof Error, String(error));
    assert.ok(error.message.includes('n'.repeat(50)), 'enough to tell which');
    for (let cause: Error | undefined = error; cause !== undefined; cause = cause.cause as Error | undefined)
      assert.ok(most(cause) < 2_000, `${most(cause)} characters`);
  });
}

test('a path tells each name so far, and shorter ones in full', () => {
  const { coalescer } = open();
  const path = (payload: unknown): string | undefined => {
    try {
      coalescer.identify(payload);
    } catch (error) {
      return (error as CoalescerError).path;
    }
    return undefined;
  };
  const name = 'n'.repeat(100);
  assert.equal(path({ [name]: { [`${name}m`]: [-0] } }), `$.${name}["${name}..."][0]`);
  assert.throws(() => checkRequest({ targets: [NAME] }, ['a', 'b']), /expected one of 'a', 'b', got 'nnn/);
});
