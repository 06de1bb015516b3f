// The command for real, small: providers that are killed and come back, a thread that dies, and nothing left behind afterwards.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli, startCli } from './run-cli.js';

test('through both kills no waiter is lost and no answer is wrong', async () => {
  const { code, stdout, stderr } = await runCli(['demo', '--limit', '500', '--seed', '3']);
  assert.equal(stderr, '');
  assert.match(stdout, /primary provider killed, \d+ calls in the air/);
  assert.match(stdout, /primary provider is back/);
  assert.match(stdout, /a worker thread died/);
  assert.match(stdout, /waiters lost +0 +0\n/);
  assert.match(stdout, /wrong answers +0 +0\n/);
  assert.match(stdout, /One flight that failed over, explained:\n +\S/);
  assert.match(stdout, /✔ The coalescer: waiters lost: 0, wrong answers: 0, failed requests: 0\n$/);
  assert.equal(code, 0, stdout);
});

test('calm and alone: every request launches or joins, and nothing fails over', async () => {
  const { code, stdout, stderr } = await runCli(['demo', '--limit', '200', '--calm', '--no-plain', '--threads', '1']);
  const [, joins, ideal] = /joins +(\d+) +(\d+)\n/.exec(stdout) ?? [];
  assert.equal(stderr, '');
  assert.ok(Math.abs(Number(joins) - Number(ideal)) <= 0.25 * Number(ideal), `${joins} joins, ideally ${ideal}`);
  assert.match(stdout, /failovers +0\n/);
  assert.match(stdout, /relaunches +0\n/);
  assert.equal(code, 0, stdout);
});

const childrenOf = (pid: number): number[] =>
  spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', null],
] as const) {
  test(`after ${signal} no provider process is left`, { skip: process.platform === 'linux' ? false : 'asks the Linux ps' }, async () => {
    const { child, ended } = startCli(['demo', '--calm']);
    assert.ok(child.stdout !== null && child.pid !== undefined);
    // The first line comes when everything runs.
    await once(child.stdout, 'data');
    const providers = childrenOf(child.pid);
    assert.equal(providers.length, 2);
    child.kill(signal);
    assert.equal((await ended).code, code);
    for (let tries = 0; providers.some(isAlive) && tries < 100; tries++) await sleep(20);
    assert.deepEqual(providers.filter(isAlive), []);
  });
}
