/** The targets of a schedule, and the module that brings them to a life: its set-up takes time, fails, or kills the thread now and then. */
import { openOn, type AttemptContext, type OpenableModule, type TargetSpec, type Targets } from '../../workers/targets.js';
import { sharingOf } from './for-one-swarm.js';
import type { SimLife } from './sim-life.js';
import type { StreamSwarm } from './stream-swarm.js';
import { isEndOfText, textOf } from './stream-text.js';
import { Upstream, type Payload } from './upstream.js';
import type { TargetError } from './verdict-on-errors.js';
import type { World } from './world.js';

/** The record of targets, on a life or (`null`) inline. */
export function targetsOn(world: World, life: SimLife | null): Targets {
  const { swarm } = world;
  const upstream = new Upstream(world, life);
  const targets = swarm.targetNames.map((name, index) => {
    const time = swarm.targetTimes[index] ?? null;
    const target = {
      run: ({ payload }: Payload, context: AttemptContext): unknown => upstream.run(index, payload, context),
      ...streamingOf(swarm.streams, index, upstream),
      classify: (error: unknown) => {
        const { verdict = 'failover', holdMs = 0 } = error as Partial<TargetError>;
        return holdMs === 0 || verdict === 'answer' ? verdict : { verdict, retryAfterMs: holdMs };
      },
      ...sharingOf(swarm.forOne, name),
      replayable: swarm.unreplayable[index] !== true,
      maxConcurrency: swarm.ceilings[index] as number,
      ...(swarm.weights[index] === undefined ? {} : { weight: swarm.weights[index] }),
      ...(time === null ? {} : { attemptTimeoutMs: time }),
    };
    return [name, world.alteration.target?.(target) ?? target];
  });
  return Object.fromEntries(targets) as Targets;
}

/** What a target that streams has beside. */
function streamingOf(
  streams: StreamSwarm | null,
  index: number,
  upstream: Upstream,
): Pick<TargetSpec<Payload, unknown>, 'isComplete' | 'resume'> {
  if (streams === null) return {};
  return {
    ...(streams.isProving ? { isComplete: (last: unknown) => isEndOfText(last === undefined ? '' : textOf(last)) } : {}),
    ...(streams.canResume[index] === true
      ? { resume: ({ payload }, delivered, context) => upstream.run(index, payload, context, delivered) }
      : {}),
  };
}

export function targetsModule(world: World, life: SimLife): OpenableModule {
  const { random, swarm, scheduler, witness } = world;
  return {
    [openOn]: async (_config, host) => {
      let closings = 0;
      host.onClose(() => witness.require(++closings === 1, 'I26', () => `thread ${life.thread} was closed twice`));
      if (swarm.faults.slowSetUp) {
        const wait = random.between(0, 60);
        await new Promise<void>((resolve) => {
          scheduler.at(scheduler.now + wait, life.loop, resolve);
        });
      }
      if (life.mayDie('set-up')) return new Promise<Targets>(() => undefined);
      if (swarm.faults.loadFailures && !witness.isCalm && random.chance(0.15)) {
        if (random.chance(0.3)) life.hang('in its set-up');
        if (life.isStopped) return new Promise<Targets>(() => undefined);
        throw new Error('the set-up fails');
      }
      return targetsOn(world, life);
    },
  };
}
