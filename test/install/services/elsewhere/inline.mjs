// What is claimed of runtimes other than Node: inline targets. No threads.
import { createCoalescer, flightOf } from 'coalescer';
import { scriptedTarget, virtualEnvironment } from 'coalescer/testing';

let calls = 0;
const primary = async () => {
  calls++;
  throw new Error('primary is away');
};
const replica = async (id) => {
  calls++;
  return `user ${id}`;
};
const users = createCoalescer({ name: 'users', scope: 'public', targets: { primary, replica } });
const answers = new Set(await Promise.all(Array.from({ length: 100 }, () => users.request(7))));
console.log(`inline: ${[...answers]}, ${calls} calls`);

const leaving = new AbortController();
let signal;
const hang = (_, context) => {
  signal = context.signal;
  return new Promise(() => undefined);
};
const slow = createCoalescer({ name: 'slow', scope: 'public', targets: { hang } });
const first = slow.request({ b: 1, a: [2] }, { signal: leaving.signal }).catch((reason) => reason);
const second = slow.request({ a: [2], b: 1 }, { timeoutMs: 50 }).catch((error) => error);
leaving.abort('left');
const late = await second;
console.log(`leaving: ${await first}, ${late.code}, aborted upstream ${signal.aborted}, ${slow.stats().launched} flight`);

const failing = createCoalescer({ name: 'failing', scope: 'public', targets: { one: primary, two: primary } });
// A long key, for which a built-in module is loaded late.
const error = await failing.request('long'.repeat(5_000)).catch((reason) => reason);
console.log(`failing: ${error.code}, ${flightOf(error).attempts.length} attempts`);

const environment = virtualEnvironment();
const model = scriptedTarget();
const chat = createCoalescer({ name: 'chat', scope: 'public', targets: { model }, environment });
const answer = chat.request('hi');
await environment.advance(60);
model.calls[0].resolve('hello');
console.log(`testing: ${await answer}`);
await Promise.all([users, slow, failing, chat].map((coalescer) => coalescer.close()));
