// Machines that are refused for what is written in them, before XState is asked anything: each with its own tiny machine, and why.
import {
  and,
  assign,
  cancel,
  emit,
  enqueueActions,
  forwardTo,
  fromPromise,
  log,
  not,
  raise,
  sendParent,
  sendTo,
  spawnChild,
  stopChild,
} from 'xstate';
import { refuses } from './refused.js';

/** One state that does `actions` when it hears `go`. */
const doing = (...actions: unknown[]): object => ({ initial: 'a', states: { a: { on: { go: { actions } } } } });
const guardedBy = (guard: unknown): object => ({ initial: 'a', states: { a: { on: { go: { guard, target: 'b' } } }, b: {} } });
const inA = (state: object): object => ({ initial: 'a', states: { a: { on: { go: 'a' }, ...state } } });

refuses('an invoke is refused', {
  config: inA({ invoke: { src: fromPromise(() => Promise.resolve()) } }),
  at: 'tiny.a',
  says: /`invoke`: a child actor has a life of its own/,
});
refuses('an after is refused', { config: inA({ after: { 100: 'a' } }), at: 'tiny.a', says: /`after`: a delay fires by itself/ });
refuses('an always is refused, even one that never comes to rest', {
  config: { initial: 'a', states: { a: { always: 'b', on: { go: 'b' } }, b: { always: 'a' } } },
  at: 'tiny.a',
  says: /`always`: an eventless transition needs no event, and a cycle of them never comes to rest/,
});
refuses('a history state is refused', {
  config: { initial: 'a', states: { a: { initial: 'x', states: { x: { on: { go: 'x' } }, was: { type: 'history' } } } } },
  at: 'tiny.a.was',
  says: /a history state: what it remembers is not in the state’s value/,
});
refuses('a parallel state is refused', {
  config: { initial: 'a', states: { a: { type: 'parallel', states: { x: { on: { go: {} } }, y: {} } } } },
  at: 'tiny.a',
  says: /a parallel state: regions move on their own/,
});
refuses('a parallel root is refused', { config: { type: 'parallel', states: { x: {}, y: {} } }, at: 'tiny', says: /a parallel state/ });
refuses('a route is refused', { config: inA({ id: 'here', route: {} }), at: 'tiny.a', says: /`route`: it reads the event’s `to`/ });
refuses('what is deep inside a compound state is found, and named by its path, not by its id', {
  config: {
    initial: 'a',
    states: { a: { initial: 'x', states: { x: { id: 'elsewhere', initial: 'q', states: { q: { after: { 1: 'q' } } } } } } },
  },
  at: 'tiny.a.x.q',
  says: /`after`/,
});

refuses('an inline action is refused', {
  config: doing(() => 'inline'),
  at: 'tiny.a',
  says: /the inline action `\(\) => 'inline'`: only what has a name in setup\(\) can be numbered/,
});
refuses('an inline entry action is refused', { config: inA({ entry: () => {} }), at: 'tiny.a', says: /the inline action/ });
refuses('an inline exit action is refused', { config: inA({ exit: [() => {}] }), at: 'tiny.a', says: /the inline action/ });
refuses('an inline action of an initial transition is refused', {
  config: { initial: { target: 'a', actions: () => {} }, states: { a: { on: { go: {} } } } },
  at: 'tiny',
  says: /the inline action/,
});
refuses('an inline assign is refused', {
  config: doing(assign({ n: 1 })),
  at: 'tiny.a',
  says: /an inline xstate\.assign: only what has a name/,
});
refuses('an inline raise of a computed event is refused', {
  config: doing(raise(() => ({ type: 'x' }))),
  at: 'tiny.a',
  says: /an inline xstate\.raise/,
});
refuses('an inline guard is refused', {
  config: guardedBy(() => true),
  at: 'tiny.a',
  says: /the inline guard `\(\) => true`: only what has a name/,
});
refuses('an inline guard inside and() or not() is refused', {
  config: guardedBy(and(['isRight', not(() => false)])),
  guards: { isRight: () => true },
  at: 'tiny.a',
  says: /the inline guard `\(\) => false`/,
});
refuses('an action that setup() does not have is refused', {
  config: doing('start'),
  at: 'tiny.a',
  says: /action 'start': it has no implementation in setup\(\)/,
});
refuses('an action named like a method of every object is refused', {
  config: doing('toString'),
  at: 'tiny.a',
  says: /action 'toString': it has no impl/,
});
refuses('a guard that setup() does not have is refused', {
  config: guardedBy({ type: 'isRight' }),
  at: 'tiny.a',
  says: /guard 'isRight': it has no impl/,
});
refuses('an action that takes a name of XState’s own is refused', {
  config: doing('xstate.raise'),
  actions: { 'xstate.raise': () => {} },
  at: 'tiny.a',
  says: /action 'xstate\.raise': names that begin with "xstate\."/,
});

const builtIns: Readonly<Record<string, unknown>> = {
  emit: emit({ type: 'told' }),
  log: log('told'),
  cancel: cancel('timer'),
  sendTo: sendTo('child', { type: 'told' }),
  spawnChild: spawnChild('child' as never),
  stopChild: stopChild('child'),
  enqueueActions: enqueueActions(() => {}),
};
for (const [creator, action] of Object.entries(builtIns)) {
  const says = new RegExp(`\\(xstate\\.${creator}\\): of XState’s own actions only assign and undelayed raise`);
  refuses(`${creator} is refused under a name`, { config: doing({ type: 'tell' }), actions: { tell: action }, at: 'tiny.a', says });
  refuses(`${creator} is refused inline`, { config: doing(action), at: 'tiny.a', says });
}
for (const [creator, action] of Object.entries({ sendParent: sendParent({ type: 'told' }), forwardTo: forwardTo('child') })) {
  refuses(`${creator} is refused`, {
    config: doing('tell'),
    actions: { tell: action },
    at: 'tiny.a',
    says: /action 'tell' \(xstate\.sendTo\)/,
  });
}
for (const delay of [10, 0, 'soon', () => undefined]) {
  refuses(`a raise that is delayed by ${String(delay)} is refused`, {
    config: doing('tell'),
    actions: { tell: raise({ type: 'go' }, { delay: delay as number }) },
    at: 'tiny.a',
    says: /action 'tell' \(xstate\.raise with a delay\): a delayed event comes from a timer/,
  });
}

refuses('an empty alphabet is refused', { config: doing(), options: { events: [] }, at: 'tiny', says: /the list of events is empty/ });
refuses('an event that no state knows is refused', {
  config: doing(),
  options: { events: ['go', 'gone'] },
  at: 'tiny',
  says: /event 'gone': it is in the list of events, but no state of the machine knows it/,
});
refuses('an event that only looks like one of a pattern is refused', {
  config: { on: { 'go.*': {} } },
  options: { events: ['go.now', 'gone'] },
  at: 'tiny',
  says: /event 'gone': it is in the list/,
});
refuses('an event that a state waits for and nobody sends is refused', {
  config: { initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { 'go.back': 'a' } } } },
  at: 'tiny.b',
  says: /event 'go\.back': the state waits for it, but it is neither in the list of events nor raised/,
});
refuses('an event that is listed twice is refused', {
  config: doing(),
  options: { events: ['go', 'go'] },
  at: 'tiny',
  says: /event 'go': it is in the list of events twice/,
});
refuses('a pattern is not an event', {
  config: { on: { 'go.*': {} } },
  options: { events: ['go.*'] },
  at: 'tiny',
  says: /event 'go\.\*': it is a pattern/,
});
refuses('an event of XState’s own is refused', {
  config: { on: { '*': {} } },
  options: { events: ['xstate.stop'] },
  at: 'tiny',
  says: /event 'xstate\.stop': names that begin with "xstate\."/,
});
