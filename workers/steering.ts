/**
 * In which order a flight tries its targets if its request does not say: as written or as ordered since, by weight, or by latency. Order and
 * weights are in shared memory, so that all threads follow a change with their next flight; a flight in the air keeps its route.
 */
import type { Health } from './health.js';
import { ORDER, STEERING_VERSION, WEIGHTS, type HealthMemory } from './health-memory.js';

/** Weights are stored as whole numbers, multiplied by this. */
const WEIGHT_SCALE = 1_000;

export interface SteeringSettings {
  /** `priority`: in order, or by weight where weights are given. `latency`: of two targets drawn at random, the one that answers sooner. */
  readonly steering: 'priority' | 'latency';
  /** The share of flights that begin at another target than the first, drawn at random, so that a failover is not first tried in an outage: 0 to 0.5. */
  readonly probeShare: number;
}

export interface SteeringSetup {
  readonly memory: HealthMemory;
  /** The targets' own weights; `null`: none. */
  readonly weights: readonly (number | null)[];
  readonly settings: SteeringSettings;
  readonly health: Health;
  readonly random: () => number;
}

/** Front side: writes a new order, of all targets or some. Targets left out are not tried by new flights. */
export function writeOrder(memory: HealthMemory, order: readonly number[]): void {
  for (const [place, target] of order.entries()) Atomics.store(memory.cells, ORDER + place, target + 1);
  // Ends the list, which may be shorter than the last one.
  Atomics.store(memory.cells, ORDER + order.length, 0);
  Atomics.add(memory.cells, STEERING_VERSION, 1);
}

/** Front side: was the order or a weight changed by hand? Then a request's own targets in the order written are not the default any more. */
export const isSteered = (memory: HealthMemory): boolean => memory.cells[STEERING_VERSION] !== 0;

/** Front side: writes weights of some targets, or all. */
export function writeWeights(memory: HealthMemory, weights: ReadonlyMap<number, number>): void {
  for (const [target, weight] of weights) Atomics.store(memory.cells, WEIGHTS + target, Math.round(weight * WEIGHT_SCALE) + 1);
  Atomics.add(memory.cells, STEERING_VERSION, 1);
}

export class Steering {
  readonly #setup: SteeringSetup;
  readonly #cells: Int32Array;
  #version = -1;
  #order: readonly number[] = [];
  /** The order with each of its targets moved to the front: routes are made once, and compared by identity. */
  #routes: readonly (readonly number[])[] = [];
  /** Cumulative sums of the weights; `null`: no weights were given. */
  #sums: readonly number[] | null = null;

  constructor(setup: SteeringSetup) {
    this.#setup = setup;
    this.#cells = setup.memory.cells;
  }

  /** The targets to try, for one flight. */
  route(): readonly number[] {
    // A plain read: to see a change a moment later does no harm.
    const version = this.#cells[STEERING_VERSION] as number;
    if (version !== this.#version) this.#read(version);
    return this.#order.length < 2 ? this.#order : this.#oneOf();
  }

  #oneOf(): readonly number[] {
    const { settings, random } = this.#setup;
    const { length } = this.#order;
    if (settings.probeShare > 0 && random() < settings.probeShare) return this.#first(1 + Math.floor(random() * (length - 1)));
    if (settings.steering === 'latency') return this.#first(this.#sooner());
    return this.#sums === null ? this.#order : this.#first(this.#drawn(this.#sums));
  }

  #first(place: number): readonly number[] {
    return this.#routes[place] ?? this.#order;
  }

  /** Power of two choices: the better of two drawn at random, so that not all threads flood the best one at once. */
  #sooner(): number {
    const { random, health } = this.#setup;
    const { length } = this.#order;
    const one = Math.floor(random() * length);
    const other = (one + 1 + Math.floor(random() * (length - 1))) % length;
    const costOf = (place: number): number => health.of(this.#order[place] as number).cost;
    return costOf(one) <= costOf(other) ? one : other;
  }

  #drawn(sums: readonly number[]): number {
    const drawn = this.#setup.random() * (sums.at(-1) as number);
    return Math.max(
      0,
      sums.findIndex((sum) => drawn < sum),
    );
  }

  #read(version: number): void {
    const { weights } = this.#setup;
    this.#version = version;
    const order: number[] = [];
    for (let place = 0; place < weights.length; place++) {
      const target = Atomics.load(this.#cells, ORDER + place) - 1;
      if (target < 0) break;
      order.push(target);
    }
    this.#order = order.length > 0 ? order : weights.map((_, target) => target);
    this.#routes = this.#order.map((target) => [target, ...this.#order.filter((other) => other !== target)]);
    const weightOf = (target: number): number | null => {
      const written = Atomics.load(this.#cells, WEIGHTS + target);
      return written > 0 ? (written - 1) / WEIGHT_SCALE : (weights[target] ?? null);
    };
    let sum = 0;
    const sums = this.#order.map((target) => (sum += weightOf(target) ?? 1));
    this.#sums = sum > 0 && this.#order.some((target) => weightOf(target) !== null) ? sums : null;
  }
}
