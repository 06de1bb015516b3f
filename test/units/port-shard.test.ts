// A shard behind a port: what its front can see of it while it works through one long turn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBody } from '../../workers/body.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { LAUNCH, type LaunchFrame } from '../../workers/protocol.js';
import { PortShard } from '../../workers/port-shard.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import { fillTargets } from '../../workers/targets.js';
import { Wheel } from '../../workers/wheel.js';
import { Wire } from '../../workers/wire.js';
import { manualSeam } from './manual-seam.js';

const FLIGHTS = 500;

test('a turn in which hundreds of flights are taken over beats the heart at each: a busy thread is no hung one', () => {
  const seam = manualSeam();
  const memory = SharedMemory.ofSlots(FLIGHTS);
  const heard: number[] = [];
  const targets = fillTargets({
    only: () => {
      heard.push(memory.heartbeat);
      return new Promise(() => {});
    },
  });
  const streams = { midStream: 'fail', firstChunkTimeoutMs: null, idleTimeoutMs: 1_000, replayBytes: 0 } as const;
  const settings = {
    maxAttempts: 1,
    attemptTimeoutMs: null,
    backoff: { baseMs: 1, maxMs: 1 },
    streams,
    resultBytes: 1_000,
    health: HealthMemory.ofTargets().buffer,
    breaker: null,
    budget: null,
    steering: 'priority',
    probeShare: 0,
    hedge: null,
  } as const;
  const wire = new Wire();
  const shard = new PortShard({ seam, wheel: new Wheel(seam), wire, memory, targets, settings, flying: null, post: () => {} });
  const { kind, data: bytes } = packBody('payload', null);
  const frames = Array.from(
    { length: FLIGHTS },
    (_, slot): LaunchFrame => [LAUNCH, slot, slot + 1, null, 'key', 0, 30_000, null, kind, bytes],
  );
  shard.receive(new Wire().pack(frames, false).envelope);
  assert.equal(heard.length, FLIGHTS, 'every target was called');
  assert.deepEqual(
    heard,
    Array.from({ length: FLIGHTS }, (_, index) => index),
  );
  shard.end();
});
