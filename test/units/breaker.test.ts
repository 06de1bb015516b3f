// One target's breaker as threads share it: when it opens, for how long, that one attempt in the process is the probe, and that nothing a thread
// does (or dies of) leaves it stuck. Several `Breaker`s over one memory are what several threads have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker, ORDINARY, REFUSED, type BreakerSettings } from '../../workers/breaker.js';
import { HealthMemory } from '../../workers/health-memory.js';

const settings: BreakerSettings = { failureShare: 0.5, attemptsMin: 20, consecutive: 5, openMs: 5_000, openMsMax: 60_000 };

interface Seen {
  readonly memory: HealthMemory;
  readonly news: string[];
  readonly holders: Breaker[];
}

/** Breakers of so many threads on one target. `chance` 0.5 is no jitter. */
function threads(count: number, { chance = 0.5, ...changed }: Partial<BreakerSettings> & { chance?: number } = {}): Seen {
  const memory = HealthMemory.ofTargets();
  const news: string[] = [];
  const holders = Array.from(
    { length: count },
    (_, holder) =>
      new Breaker({
        memory,
        target: 3,
        settings: { ...settings, ...changed },
        holder,
        random: () => chance,
        announce: (from, to) => news.push(`${from} > ${to}`),
      }),
  );
  return { memory, news, holders };
}

const one = (changed?: Partial<BreakerSettings> & { chance?: number }): Seen & { readonly breaker: Breaker } => {
  const seen = threads(1, changed);
  return { ...seen, breaker: seen.holders[0]! };
};

function fail(breaker: Breaker, times: number, now: number): void {
  for (let time = 0; time < times; time++) breaker.ended(ORDINARY, 'ill', now);
}

test('it opens after so many failures in a row, and a success in between begins the row anew', () => {
  const { breaker, news } = one();
  fail(breaker, 4, 0);
  breaker.ended(ORDINARY, 'well', 0);
  fail(breaker, 4, 0);
  assert.equal(breaker.phase, 'closed');
  fail(breaker, 1, 0);
  assert.equal(breaker.phase, 'open');
  assert.deepEqual(news, ['closed > open']);
  assert.equal(breaker.admit(1), REFUSED);
});

test('it opens when half of at least twenty attempts of the last ten seconds failed', () => {
  const { breaker } = one();
  const alternate = (pairs: number, now: number): void => {
    for (let pair = 0; pair < pairs; pair++) {
      breaker.ended(ORDINARY, 'well', now);
      breaker.ended(ORDINARY, 'ill', now);
    }
  };
  alternate(9, 1_000);
  assert.equal(breaker.phase, 'closed', 'eighteen are too few');
  // Eleven seconds later those count no more.
  alternate(9, 12_500);
  assert.equal(breaker.phase, 'closed');
  alternate(1, 13_500);
  assert.equal(breaker.phase, 'open');
});

test('less than the share leaves it closed, however many there are', () => {
  const { breaker } = one();
  for (let attempt = 0; attempt < 50_000; attempt++) breaker.ended(ORDINARY, attempt % 10 >= 6 ? 'ill' : 'well', attempt / 10);
  assert.equal(breaker.phase, 'closed');
  for (let attempt = 0; attempt < 50_000 && breaker.phase === 'closed'; attempt++)
    breaker.ended(ORDINARY, attempt % 2 === 1 || attempt % 10 >= 6 ? 'ill' : 'well', 5_000 + attempt / 10);
  assert.equal(breaker.phase, 'open');
});

test('an attempt that nobody waited for any more is no sample', () => {
  const { breaker } = one();
  for (let time = 0; time < 100; time++) breaker.ended(ORDINARY, 'none', 0);
  fail(breaker, 4, 0);
  breaker.ended(ORDINARY, 'none', 0);
  assert.equal(breaker.phase, 'closed');
});

test('it stays open for five seconds, twice as long after each probe that failed, at most a minute', () => {
  const { breaker } = one();
  fail(breaker, 5, 0);
  let now = 0;
  for (const openMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000]) {
    assert.equal(breaker.reopensInMs(now), openMs);
    assert.equal(breaker.admit(now + openMs - 10), REFUSED);
    now += openMs;
    const probe = breaker.admit(now);
    assert.notEqual(probe, REFUSED);
    assert.equal(breaker.phase, 'half-open');
    breaker.ended(probe, 'ill', now);
  }
  now += 60_000;
  breaker.ended(breaker.admit(now), 'well', now);
  assert.equal(breaker.phase, 'closed');
  fail(breaker, 5, now);
  assert.equal(breaker.reopensInMs(now), 5_000, 'it has forgotten how often it had opened');
});

test('how long it stays open is jittered by a fifth', () => {
  for (const [chance, openMs] of [
    [0, 4_000],
    [0.999_999, 5_990],
  ] as const) {
    const { breaker } = one({ chance });
    fail(breaker, 5, 0);
    assert.equal(breaker.reopensInMs(0), openMs);
  }
});

test('while the probe is out nobody else is let through, and its success closes the breaker for all', () => {
  const { holders, news } = threads(4);
  fail(holders[0]!, 5, 0);
  const passes = holders.flatMap((breaker) => Array.from({ length: 2_500 }, () => breaker.admit(5_000)));
  const probes = passes.filter((pass) => pass !== REFUSED);
  assert.equal(probes.length, 1);
  assert.equal(holders[3]!.admit(99_000), REFUSED, 'however long it takes');
  holders[0]!.ended(probes[0]!, 'well', 5_100);
  for (const breaker of holders) assert.equal(breaker.admit(5_100), ORDINARY);
  assert.deepEqual(news, ['closed > open', 'open > half-open', 'half-open > closed']);
});

test('what began before it opened neither ends the probe nor opens it again', () => {
  const { breaker } = one();
  fail(breaker, 5, 0);
  const probe = breaker.admit(5_000);
  fail(breaker, 10, 5_010);
  breaker.ended(ORDINARY, 'well', 5_010);
  assert.equal(breaker.phase, 'half-open');
  breaker.ended(probe, 'well', 5_020);
  assert.equal(breaker.phase, 'closed');
  fail(breaker, 4, 5_030);
  assert.equal(breaker.phase, 'closed', 'failures from before it closed are forgotten');
});

test('a probe that was not waited for is given back: the next attempt may be one at once', () => {
  const { breaker } = one();
  fail(breaker, 5, 0);
  breaker.ended(breaker.admit(5_000), 'none', 5_050);
  assert.equal(breaker.phase, 'open');
  assert.equal(breaker.level, 0);
  assert.equal(breaker.reopensInMs(5_050), 0);
  assert.notEqual(breaker.admit(5_050), REFUSED);
});

test('what a dead thread held is given back, once, and only that', () => {
  const { holders } = threads(3);
  const [front, dead, living] = holders as [Breaker, Breaker, Breaker];
  fail(dead, 5, 0);
  const lost = dead.admit(5_000);
  assert.equal(living.admit(5_010), REFUSED);
  front.giveBack(2, 5_020);
  assert.equal(front.phase, 'half-open', 'another thread holds it');
  front.giveBack(1, 5_020);
  const probe = living.admit(5_020);
  assert.notEqual(probe, REFUSED);
  front.giveBack(1, 5_030);
  assert.equal(front.phase, 'half-open');
  dead.ended(lost, 'well', 5_040);
  assert.equal(front.phase, 'half-open', 'the end of a probe that was given back is nobody’s');
  living.ended(probe, 'ill', 5_050);
  assert.equal(front.phase, 'open');
  assert.equal(front.level, 1);
});

test('open or closed by hand holds whatever happens, and auto begins anew', () => {
  const { holders } = threads(2);
  const [front, shard] = holders as [Breaker, Breaker];
  front.force('open', 0);
  assert.equal(shard.forced, 'open');
  assert.equal(shard.admit(99_000), REFUSED);
  front.force('closed', 0);
  fail(shard, 50, 0);
  assert.equal(shard.admit(1), ORDINARY);
  front.force('auto', 0);
  assert.equal(shard.phase, 'closed');
  assert.equal(shard.admit(2), ORDINARY);
  fail(shard, 4, 2);
  assert.equal(shard.phase, 'closed', 'what failed under another’s hand is forgotten');
  fail(shard, 1, 2);
  assert.equal(shard.admit(3), REFUSED);
});

test('a probe that ends after the breaker was reset by hand changes nothing', () => {
  const { breaker } = one();
  fail(breaker, 5, 0);
  const probe = breaker.admit(5_000);
  breaker.force('auto', 5_001);
  breaker.ended(probe, 'ill', 5_002);
  assert.equal(breaker.phase, 'closed');
});

test('a breaker that nobody asked for a day lets the next one through', () => {
  for (const hours of [1, 6, 11, 12, 24, 100]) {
    const { breaker } = one();
    fail(breaker, 5, 0);
    assert.notEqual(breaker.admit(hours * 3_600_000), REFUSED, `${hours} hours`);
  }
});

test('targets do not share a breaker', () => {
  const memory = HealthMemory.ofTargets();
  const breakers = Array.from(
    { length: 24 },
    (_, target) => new Breaker({ memory, target, settings, holder: 0, random: () => 0.5, announce: () => undefined }),
  );
  fail(breakers[7]!, 5, 0);
  for (const [target, breaker] of breakers.entries()) assert.equal(breaker.phase, target === 7 ? 'open' : 'closed');
});
