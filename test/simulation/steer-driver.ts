/** Who steers targets while requests run: a new order, weights, breakers by hand, and a look at how they are. */
import { isCoalescerError } from '../../src/errors.js';
import { Random } from './random.js';
import type { SteerSwarm } from './steer-swarm.js';
import type { SteerWatch } from './steer-watch.js';
import type { World } from './world.js';

const WEIGHTS = [0, 0.5, 1, 3, 1_000_000];

/** Lays out when targets are steered. Chance of its own: all else is drawn as if nobody did. */
export function planSteering(world: World, swarm: SteerSwarm, watch: SteerWatch): void {
  const { scheduler, front } = world;
  const driver = new SteerDriver(world, swarm, watch);
  for (let act = 0; act < swarm.acts; act++) scheduler.at(driver.random.between(0, world.swarm.spanMs), front, () => driver.act());
}

class SteerDriver {
  readonly random: Random;
  readonly #world: World;
  readonly #swarm: SteerSwarm;
  readonly #watch: SteerWatch;

  constructor(world: World, swarm: SteerSwarm, watch: SteerWatch) {
    this.random = new Random(world.swarm.seed, 9);
    this.#world = world;
    this.#swarm = swarm;
    this.#watch = watch;
  }

  act(): void {
    const { random } = this;
    switch (random.weighted({ order: 4, weights: 2, breaker: 4, report: 3 })) {
      case 'order':
        return this.#order();
      case 'weights':
        return this.#weights();
      case 'breaker':
        return this.#breaker();
      default:
        return this.#report();
    }
  }

  #order(): void {
    const { random } = this;
    const { coalescer, swarm } = this.#world;
    const names = [...swarm.targetNames];
    const order: string[] = [];
    const count = random.chance(this.#swarm.leavesOut) ? random.whole(1, names.length) : names.length;
    while (order.length < count) order.push(...names.splice(random.whole(0, names.length - 1), 1));
    if (this.#does('order', () => coalescer.targets.order(order))) this.#watch.orders(order);
  }

  #weights(): void {
    const { random } = this;
    const { coalescer, swarm } = this.#world;
    const weights = Object.fromEntries(swarm.targetNames.filter(() => random.chance(0.7)).map((name) => [name, random.pick(WEIGHTS)]));
    if (this.#does('weights', () => coalescer.targets.weights(weights))) this.#watch.weighs(weights);
  }

  #breaker(): void {
    const { random } = this;
    const { coalescer, swarm } = this.#world;
    const hand = random.pick(['open', 'open', 'closed', 'auto', 'auto'] as const);
    // Now and then all of them, one after the other: as when everything is to be left alone for a while.
    for (const target of random.chance(0.3) ? swarm.targetNames : [random.pick(swarm.targetNames)])
      if (this.#does('breaker', () => coalescer.targets.breaker(target, hand))) this.#watch.forces(target, hand);
  }

  #report(): void {
    const { coalescer } = this.#world;
    this.#does('report', () => this.#watch.reported(coalescer.targets.report()));
  }

  /** Returns whether it was done. What is good is never refused, but for what nobody can know yet, or that is switched off. */
  #does(what: 'order' | 'weights' | 'breaker' | 'report', act: () => void): boolean {
    const { witness, swarm } = this.#world;
    const isOff = what === 'breaker' && swarm.options.breaker === false;
    const expected = witness.isLoaded ? (isOff ? 'TypeError' : null) : 'COALESCER_TARGETS_NOT_LOADED';
    let told: string | null = null;
    try {
      act();
    } catch (error) {
      told = isCoalescerError(error) ? error.code : (error as Error).name;
    }
    witness.require(told === expected, 'steering', () => `targets.${what} threw ${told}, and not ${expected}`);
    return told === null;
  }
}
