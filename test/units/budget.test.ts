// The retry budget of one target: a tenth of its first attempts of the last ten seconds and one a second, for all threads together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../../workers/budget.js';
import { HealthMemory } from '../../workers/health-memory.js';

const settings = { share: 0.1, perSecondMin: 1 };

function threads(count: number, changed: Partial<typeof settings> = {}): Budget[] {
  const memory = HealthMemory.ofTargets();
  return Array.from({ length: count }, () => new Budget(memory, 2, { ...settings, ...changed, isShared: true }));
}

const drawAll = (budget: Budget, now: number): number => {
  let drawn = 0;
  while (budget.draw(now)) drawn++;
  return drawn;
};

test('without first attempts ten are allowed in ten seconds, and none before they are over', () => {
  const [budget] = threads(1) as [Budget];
  assert.equal(budget.left(0), 10);
  assert.equal(drawAll(budget, 0), 10);
  assert.equal(budget.left(0), 0);
  assert.equal(budget.draw(10_500), false);
  assert.equal(drawAll(budget, 11_000), 10);
});

test('a tenth of the first attempts is added, as long as they are in the window', () => {
  const [budget] = threads(1) as [Budget];
  for (let attempt = 0; attempt < 1_000; attempt++) budget.first(500);
  assert.equal(budget.left(2_000), 110);
  assert.equal(drawAll(budget, 2_000), 110);
  assert.equal(drawAll(budget, 30_000), 10);
});

test('first attempts count for their own time, however long nobody has asked for the budget', () => {
  const [budget] = threads(1) as [Budget];
  for (let now = 0; now < 60_000; now += 10) budget.first(now);
  const left = budget.left(60_000);
  assert.ok(left > 10 + 90 && left <= 10 + 110, `${left}: a thousand of ten seconds`);
});

test('all threads draw from one budget', () => {
  const budgets = threads(4);
  for (const budget of budgets) for (let attempt = 0; attempt < 250; attempt++) budget.first(0);
  // Each thread adds what it has counted when it draws, or a tick later.
  for (const budget of budgets) budget.first(20);
  const drawn = budgets.map((budget) => drawAll(budget, 30));
  assert.equal(
    drawn.reduce((total, count) => total + count, 0),
    110,
  );
});

test('what is earned is all of it while no more than half of the attempts fail, then less, and nothing where all do', () => {
  const budget = (failures: number): number => {
    const [one, other] = threads(2) as [Budget, Budget];
    for (let attempt = 0; attempt < 1_000; attempt++) one.first(500);
    for (let failure = 0; failure < failures; failure++) other.failed(1_500);
    return drawAll(one, 2_000);
  };
  assert.deepEqual([0, 500, 750, 1_000, 1_100].map(budget), [110, 110, 60, 10, 10]);
});

test('no thread knows of failures without the first attempts that they were', () => {
  const [one, other] = threads(2) as [Budget, Budget];
  // A burst within a tick: most of it holds, and what fails goes on to another target.
  for (let attempt = 0; attempt < 1_000; attempt++) one.first(1_000);
  for (let failure = 0; failure < 300; failure++) one.failed(1_500);
  assert.equal(other.left(1_600), 110);
  assert.equal(drawAll(other, 1_600), 110);
});

test('failures are forgotten with the window', () => {
  const [budget] = threads(1) as [Budget];
  for (let failure = 0; failure < 100; failure++) budget.failed(0);
  for (let attempt = 0; attempt < 100; attempt++) budget.first(10_500);
  assert.equal(budget.left(10_900), 10);
  assert.equal(drawAll(budget, 11_000), 20);
});

test('in every ten seconds of a total outage no more is drawn than a tenth and one a second', () => {
  const [budget] = threads(1) as [Budget];
  const firsts: number[] = [];
  const draws: number[] = [];
  for (let now = 0; now < 60_000; now += 5) {
    const isBusy = Math.floor(now / 7_000) % 2 === 0;
    if (isBusy) {
      budget.first(now);
      firsts.push(now);
    }
    if (budget.draw(now)) draws.push(now);
  }
  assert.ok(draws.length > 60);
  const within = (times: readonly number[], from: number, to: number): number => times.filter((time) => time > from && time <= to).length;
  for (const at of draws) {
    const most = 0.1 * within(firsts, at - 11_000, at) + 10;
    assert.ok(within(draws, at - 10_000, at) <= most, `up to ${at}: ${within(draws, at - 10_000, at)} of ${most}`);
  }
});

test('a budget of nothing refuses all', () => {
  const [budget] = threads(1, { share: 0, perSecondMin: 0 }) as [Budget];
  for (let attempt = 0; attempt < 100; attempt++) budget.first(0);
  assert.equal(budget.draw(20), false);
  assert.equal(budget.left(20), 0);
});

test('where nobody else draws, what fails is counted together, and known to each draw', () => {
  const budget = new Budget(HealthMemory.ofTargets(), 2, { ...settings, isShared: false });
  for (let attempt = 0; attempt < 100; attempt++) {
    budget.first(500);
    budget.failed(500 + attempt / 50);
  }
  assert.equal(budget.left(502), 10, 'what never holds earns nothing');
  for (let attempt = 0; attempt < 100; attempt++) budget.first(503);
  assert.equal(drawAll(budget, 504), 30, 'and half of them all of it');
  budget.failed(505);
  assert.equal(drawAll(budget, 20_000), 10);
});
