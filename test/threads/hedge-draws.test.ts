// Threads that reach for the last place of one target at the same time: the hedge that comes too late takes nothing of the share, and why it was not made is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlightRecord, FlightStart } from '../../workers/flight-record.js';
import type { Hedge } from '../../workers/hedge.js';
import { Hedging } from '../../workers/hedging.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { Health } from '../../workers/health.js';
import type { LaunchOrder } from '../../workers/protocol.js';
import type { ShardSetup } from '../../workers/shard-setup.js';
import { Wheel } from '../../workers/wheel.js';
import { filledTarget } from '../units/filled-target.js';
import { manualSeam } from '../units/manual-seam.js';

const AFTER_MS = 100;

test('a place that another thread takes between the look and the call costs no hedge', () => {
  const memory = HealthMemory.ofTargets(2);
  const targets = [filledTarget('primary'), filledTarget('backup', { maxConcurrency: 1 })];
  const settings = { breaker: null, budget: null, hedge: { maxExtraShare: 0 }, steering: 'priority' as const };
  const [mine, others] = [0, 1].map(
    (holder) => new Health({ memory, targets, settings, holder, random: () => 0.5, announce: () => undefined }),
  );
  const wheel = new Wheel(manualSeam());
  const setup = { targets, health: mine, wheel } as unknown as ShardSetup<LaunchOrder>;
  let steps = 0;
  const hedging = new Hedging({ afterMs: AFTER_MS, percentile: 95, maxExtraShare: 0 }, setup, { step: () => void steps++ });
  /** A flight whose hedge is due. */
  const due = (): Hedge => {
    const order = { attemptsMade: 0, targetsTried: 1, chunksGiven: 0 } as unknown as LaunchOrder;
    const start = new FlightStart({ route: [0, 1], attemptsMax: 2, state: 0, target: 0, attemptsMade: 0, targetsTried: 1 });
    const record = new FlightRecord(order, start, { recordDue: () => undefined });
    wheel.arm(record, 10 * AFTER_MS, 0);
    hedging.begins(record, 0);
    const hedge = record.hedge!;
    hedging.isDue(record, hedge, AFTER_MS);
    return hedge;
  };
  const { hedges } = mine!.of(0);
  const draw = hedges!.draw.bind(hedges);
  hedges!.draw = () => {
    others!.of(1).admit(AFTER_MS);
    return draw();
  };
  assert.deepEqual([due().unmade?.passedOver, steps], [[{ target: 'backup', why: 'full' }], 0]);
  hedges!.draw = draw;
  others!.of(1).ended(0, 'none', 0, AFTER_MS);
  assert.deepEqual([due().unmade, steps], [null, 1], 'the one hedge of the start is still there');
});
