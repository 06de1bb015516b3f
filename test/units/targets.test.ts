// Targets as users write them: checked and filled with the path of what is wrong, opened with and without a set-up, closed last in, first out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeList } from '../../workers/close-list.js';
import { defineTargets, fillTargets } from '../../workers/targets.js';

test('functions and objects with run are filled in the order written', () => {
  const filled = fillTargets({
    zulu: (text: string) => text,
    alpha: { run: (text: string) => `${text}!`, replayable: false, attemptTimeoutMs: 5 },
  });
  assert.deepEqual(
    filled.map(({ name, replayable, attemptTimeoutMs }) => [name, replayable, attemptTimeoutMs]),
    [
      ['zulu', true, null],
      ['alpha', false, 5],
    ],
  );
  assert.equal(filled[1]?.run('a', {} as never), 'a!');
});

test('a record of targets that is wrong is refused with the path of what is', () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`t${index}`, () => 1]));
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [null, /^targets:/], [[], /^targets: .*an empty array/], [{}, /^targets: expected 1 to 24/], [many, /25/], [{ 1: () => 1 }, /^targets\.1: .*integer/], [{ a: 7 }, /^targets\.a: .*got 7/], [{ a: {} }, /^targets\.a:/],
    [{ a: { run: () => 1, classify: 7 } }, /^targets\.a\.classify/], [{ a: { run: () => 1, replayable: 'no' } }, /^targets\.a\.replayable/], [{ a: { run: () => 1, attemptTimeoutMs: 0 } }, /^targets\.a\.attemptTimeoutMs/],
    [{ a: { run: () => 1, timeout: 5 } }, /^targets\.a\.timeout: there is no such setting/],
  ]; // biome-ignore format: a table
  for (const [targets, message] of cases) assert.throws(() => fillTargets(targets), { message });
});

test('an opened module has its targets, its configuration and its end', async () => {
  const closed: string[] = [];
  const module = defineTargets((config: { tag: string }, host) => {
    host.onClose(() => closed.push('first'));
    host.onClose(async () => closed.push('second'));
    return { only: (text: string) => `${config.tag} ${text} ${String(host.thread)}` };
  });
  const targets = await module.open({ tag: 'a' });
  assert.equal(targets.only('b'), 'a b null');
  await targets[Symbol.asyncDispose]();
  assert.deepEqual(closed, ['second', 'first']);
  const plain = await defineTargets({ only: (n: number) => n + 1 }).open();
  assert.equal(plain.only(1), 2);
});

test('a set-up that fails closes what it had opened by then', async () => {
  const closed: string[] = [];
  const module = defineTargets((_: undefined, host) => {
    host.onClose(() => closed.push('first'));
    host.onClose(() => Promise.reject(new Error('does not close')));
    if (closed.length === 0) throw new Error('no set-up');
    return {};
  });
  await assert.rejects(module.open(undefined), /no set-up/);
  assert.deepEqual(closed, ['first']);
});

test('closings run one after the other, last in, first out, and one that throws keeps none from running', async () => {
  const { add, run } = closeList();
  const order: string[] = [];
  for (const name of ['a', 'b', 'c', 'd'])
    add(async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      if (name === 'b' || name === 'c') throw new Error(name);
      order.push(`${name} ends`);
    });
  await assert.rejects(
    run(),
    (error) => error instanceof AggregateError && error.errors.map(({ message }: Error) => message).join('') === 'cb',
  );
  assert.deepEqual(order, ['d begins', 'd ends', 'c begins', 'b begins', 'a begins', 'a ends']);
  await run();
  assert.equal(order.length, 6);
});
