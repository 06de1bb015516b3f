// The gate as a whole, on made-up children: who is measured when, what is looked at twice, and that nothing passes which was not compared.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Children, runGate } from '../../bench/gate/run-gate.js';

const settings = { base: 'old', head: 'new', pairs: 10, rounds: 1, ms: 1, accepted: new Set<string>(), progress: () => undefined };

/** A row for each area, as long as `ns` says; `asked` has who was measured, in order. */
function childrenOf(ns: (root: string, area: string, time: number) => number) {
  const asked: string[] = [];
  const run: Children['run'] = async ({ root, area }) => {
    asked.push(`${root} ${area}`);
    const time = asked.filter((one) => one === `${root} ${area}`).length;
    return [{ name: `${area}/row`, condition: 'after gc', unit: 'ns', rounds: [ns(root, area, time)], gate: 1.1 }];
  };
  return { asked, run, count: async () => ({ calls: 2 }) };
}

const fails = (): never => {
  throw new Error('does not load');
};

test('what takes longer is refused, base and head going first in turn; the same as base is told as faster', async () => {
  const children = childrenOf((root) => (root === 'new' ? 130 : 100));
  const { rows, isRefused } = await runGate({ ...settings, scope: ['join'] }, children);
  assert.deepEqual(children.asked.slice(0, 4), ['old join', 'new join', 'new join', 'old join']);
  assert.equal(children.asked.length, 2 * 2 * settings.pairs); // and once more
  assert.deepEqual([rows[0]?.verdict, rows[0]?.ratio.p50, isRefused], ['slower', 1.3, true]);
  const turned = await runGate({ ...settings, base: 'new', head: 'old', scope: ['join'] }, children);
  assert.deepEqual([turned.rows[0]?.verdict, turned.isRefused], ['faster', false]);
});

test('what looks slower is measured once more, alone, and the second time decides', async () => {
  const children = childrenOf((root, area, time) => (root === 'new' && area === 'join' && time <= settings.pairs ? 130 : 100));
  const { rows, isRefused } = await runGate({ ...settings, scope: ['join', 'key'] }, children);
  assert.deepEqual(
    ['new join', 'new key'].map((child) => children.asked.filter((one) => one === child).length),
    [2 * settings.pairs, settings.pairs],
  );
  assert.deepEqual([rows.map(({ verdict }) => verdict), isRefused], [['same', 'same'], false]);
});

test('one count more is refused, however fast', async () => {
  const children = childrenOf(() => 100);
  const count = async (root: string) => ({ calls: root === 'new' ? 3 : 2 });
  assert.ok((await runGate({ ...settings, scope: ['join'] }, { ...children, count })).isRefused);
});

test('what base is too old for is told, its counts included', async () => {
  const children = childrenOf((root, area) => (root === 'old' && area === 'streams' ? fails() : 100));
  const count = async (root: string) => (root === 'old' ? fails() : { calls: 2 });
  const { skipped, isRefused } = await runGate({ ...settings, scope: ['join', 'streams'] }, { ...children, count });
  assert.deepEqual([skipped, isRefused], [['streams', 'counts'], false]);
});

test('a gate that has compared no row does not pass', async () => {
  const children = childrenOf((root) => (root === 'old' ? fails() : 100));
  await assert.rejects(runGate({ ...settings, scope: ['join', 'key'] }, children), /base cannot fly join, key: nothing was compared/);
});

test('a base that fails when it has been measured is no old one: the pairs there were decide nothing', async () => {
  const children = childrenOf((root, _, time) => (root === 'old' && time > 1 ? fails() : 100));
  await assert.rejects(runGate({ ...settings, scope: ['join'] }, children), /does not load/);
});
