// Machines that are refused for what they do when XState asks them: reading what a table does not have, or giving what has no number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assign, fromPromise, raise } from 'xstate';
import { tabulate } from '../../machines/index.js';
import { refuses, tiny } from './refused.js';

interface Args {
  readonly context: Record<string, unknown>;
  readonly event: { readonly type: string; readonly size: number };
  readonly self: { readonly id: string };
  readonly system: { get(id: string): unknown };
  readonly spawn: (logic: unknown) => unknown;
}

/** One state that changes its context when it hears `go`. */
const change = (body: (args: Args) => object, context: unknown = {}): { config: object; actions: Record<string, unknown> } => ({
  config: { context, initial: 'a', states: { a: { on: { go: { actions: 'change' } } } } },
  actions: { change: assign(body as never) },
});
const guardedBy = (guard: (args: Args) => boolean, context: unknown = {}): { config: object; guards: Record<string, unknown> } => ({
  config: { context, initial: 'a', states: { a: { on: { go: { guard: 'isRight', target: 'b' } } }, b: {} } },
  guards: { isRight: guard },
});
const withParams = (params: unknown): { config: object; actions: Record<string, unknown> } => ({
  config: { initial: 'a', states: { a: { on: { go: { actions: { type: 'note', params } } } } } },
  actions: { note: () => {} },
});
const at = 'tiny.a';

refuses('a guard that reads more of the event than its type is refused, and the cause leads to it', {
  ...guardedBy(function isLarge({ event }) {
    return event.size > 1;
  }),
  at,
  says: /event 'go': one of its functions reads `event\.size`; a table knows the event’s type and nothing else/,
  cause: /isLarge/,
});
refuses('a guard that catches what it is told is refused all the same', {
  ...guardedBy(({ event }) => {
    try {
      return event.size > 1;
    } catch {
      return false;
    }
  }),
  at,
  says: /`event\.size`/,
});
refuses('a guard that asks whether the event has a key is refused', {
  ...guardedBy(({ event }) => 'size' in event),
  at,
  says: /`event\.size`/,
});
refuses('a guard that lists the event’s keys is refused', {
  ...guardedBy(({ event }) => Object.keys(event).length > 1),
  at,
  says: /the keys of `event`/,
});
refuses('an assign that reads the event is refused', { ...change(({ event }) => ({ n: event.size })), at, says: /`event\.size`/ });
refuses('an assign that copies the event is refused', { ...change(({ event }) => ({ ...event })), at, says: /the keys of `event`/ });
refuses('an assign that keeps the event is refused', { ...change(({ event }) => ({ last: event })), at, says: /`event`|`event\./ });
refuses('params that read the event are refused', { ...withParams(({ event }: Args) => ({ n: event.size })), at, says: /`event\.size`/ });
refuses('a raise that passes the event’s payload on is refused', {
  ...change(() => ({})),
  actions: { change: raise((({ event }: Args) => ({ type: 'go', size: event.size })) as never) },
  at,
  says: /`event\.size`/,
});
refuses('an assign that reads the actor is refused', { ...change(({ self }) => ({ id: self.id })), at, says: /reads `self\.id`/ });
refuses('an assign that reads the actor system is refused', {
  ...change(({ system }) => ({ n: system.get('x') })),
  at,
  says: /reads `system\.get`/,
});
refuses('an assign that spawns is refused', {
  ...change(({ spawn }) => ({ child: spawn(fromPromise(() => Promise.resolve())) })),
  at,
  says: /reads `self\./,
});

const notPlain: Readonly<Record<string, readonly [unknown, string]>> = {
  'a Map': [new Map(), 'an instance of Map'],
  'a Date': [new Date(0), 'an instance of Date'],
  'a promise': [Promise.resolve(), 'an instance of Promise'],
  'a function': [() => 1, 'a function'],
  'a bigint': [1n, 'a bigint'],
  NaN: [Number.NaN, 'NaN'],
  'minus zero': [-0, '-0'],
  undefined: [undefined, 'undefined'],
  'a symbol as a key': [{ [Symbol('s')]: 1 }, 'keyed by a symbol'],
};
for (const [name, [value, said]] of Object.entries(notPlain)) {
  refuses(`${name} in the context is refused`, {
    ...change(() => ({ deep: { value } })),
    at,
    says: new RegExp(`context\\.deep\\.value is ${said}; only finite`),
  });
}
refuses('a circle in the context is refused', {
  ...change(() => {
    const circle: Record<string, unknown> = {};
    return { circle: Object.assign(circle, { circle }) };
  }),
  at,
  says: /nested deeper than 16 levels, or in a circle/,
});
refuses('params that are not plain are refused', {
  ...withParams({ on: new Set() }),
  at,
  says: /params of 'note'\.on is an instance of Set/,
});
refuses('a context that is not plain from the beginning is refused', {
  ...change(() => ({}), { list: new Set() }),
  at: 'tiny',
  says: /inputs\[0\]: context\.list is an instance of Set/,
});
refuses('a context function that throws is refused, though XState hides it in the snapshot', {
  ...change(
    () => ({}),
    ({ input }: { input: { n: number } }) => ({ n: input.n }),
  ),
  options: { inputs: [{ n: 1 }, undefined] },
  at: 'tiny',
  says: /inputs\[1\]: Cannot read properties of undefined/,
});
refuses('a context function that reads the actor is refused', {
  ...change(
    () => ({}),
    ({ self }: Args) => ({ id: self.id }),
  ),
  at: 'tiny',
  says: /inputs\[0\]: .*reads `self\.id`/,
});
refuses('an assign that writes to the context in place is refused', {
  ...change(({ context }) => ({ n: (context['list'] as number[]).push(1) }), { list: [] }),
  at,
  says: /event 'go': Cannot add property 0, object is not extensible/,
});
refuses('a guard that throws is refused', {
  ...guardedBy(() => {
    throw new Error('no idea');
  }),
  at,
  says: /event 'go': Unable to evaluate guard 'isRight'.*\n?.*no idea/,
});
let asked = 0;
refuses('a machine that looks at something outside of itself is refused', {
  ...change(() => ({ n: (asked += 1) })),
  at,
  says: /asked twice, the machine replies differently/,
});
refuses('events raised in a circle are refused, not followed for ever', {
  config: { initial: 'a', states: { a: { on: { go: { actions: 'tell' } } } } },
  actions: { tell: raise({ type: 'go' }) },
  at,
  says: /event 'go': Infinite loop detected: the machine has processed more than 1000 microsteps/,
});
refuses('an action on the way to the initial state is refused, because no event causes it', {
  config: { initial: 'a', states: { a: { entry: 'start', on: { go: 'a' } } } },
  actions: { start: () => {} },
  at: 'tiny',
  says: /action 'start' on the way to the initial state: no event causes it/,
});
refuses('more states than statesMax are refused, with the last one as an example', {
  ...change(({ context }) => ({ n: (context['n'] as number) + 1 }), { n: 0 }),
  options: { statesMax: 10 },
  at: 'tiny',
  says: /more than 10 states: .*\{"value":"a","context":\{"n":10\}\}/,
});
refuses('a counter without a bound is refused at 4096 states if nothing else was said', {
  ...change(({ context }) => ({ n: (context['n'] as number) + 1 }), { n: 0 }),
  at: 'tiny',
  says: /more than 4096 states/,
});
refuses('no inputs at all are refused', {
  ...change(() => ({})),
  options: { inputs: [] },
  at: 'tiny',
  says: /the list of inputs is empty/,
});

test('a bound that is no positive integer is a mistake of the caller', () => {
  for (const statesMax of [0, 1.5, Number.NaN]) {
    assert.throws(() => tabulate(tiny({ on: { go: {} } }), { events: ['go'], inputs: [undefined], statesMax }), {
      name: 'RangeError',
      message: `statesMax: expected an integer from 1, got ${statesMax}`,
    });
  }
});

test('as many states as statesMax are taken, and the machine is left as it was', () => {
  const { config, actions } = change(({ context }) => ({ n: Math.min((context['n'] as number) + 1, 9) }), { n: 0 });
  const machine = tiny(config, { actions });
  const before = JSON.stringify(machine.options);
  assert.equal(tabulate(machine, { events: ['go'], inputs: [undefined], statesMax: 10 }).table.states.length, 10);
  assert.equal(JSON.stringify(machine.options), before);
  assert.equal(Object.isFrozen(machine.config.context), false);
});
