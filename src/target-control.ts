/** Health and steering of the targets while requests run: what people read, and what they change. Nothing in the air is lost by it. */
import type { ForcedState } from '../workers/breaker.js';
import type { Seam } from '../workers/environment.js';
import { writeOrder, writeWeights } from '../workers/steering.js';
import { CoalescerError } from './errors.js';
import type { Links } from './links.js';
import { given } from '../workers/given.js';
import type { TargetReport } from './reports.js';

/** The targets of a coalescer, by name. Names are unknown until the module has loaded: until then everything here throws `COALESCER_TARGETS_NOT_LOADED`. */
export interface TargetControl {
  /** The health of each target, in the order written. */
  report(): readonly TargetReport[];
  /** A new order for future flights, which do not try the names left out. A request's own `targets` are not affected. @throws TypeError or RangeError */
  order(names: readonly string[]): void;
  /** New weights for future flights; targets that are not named keep theirs. @throws TypeError or RangeError */
  weights(weights: Readonly<Record<string, number>>): void;
  /** Opens or closes a breaker by hand until `'auto'`, which starts it afresh. A target whose breaker is open by hand is never called, even if no other is left. @throws TypeError or RangeError */
  breaker(target: string, state: 'open' | 'closed' | 'auto'): void;
}

const STATES: ReadonlySet<unknown> = new Set<ForcedState>(['open', 'closed', 'auto']);

export class FrontedTargets implements TargetControl {
  readonly #links: Links;
  readonly #seam: Seam;
  readonly #coalescer: string;

  constructor(links: Links, seam: Seam, coalescer: string) {
    this.#links = links;
    this.#seam = seam;
    this.#coalescer = coalescer;
  }

  report(): readonly TargetReport[] {
    const { names, health } = this.#loaded();
    const stats = this.#links.targetStats();
    const now = this.#seam.now();
    return names.map((target, index) => {
      const { attempts = 0, failures = 0, airborne = 0 } = stats[target] ?? {};
      return Object.assign({ target, airborne, attempts, failures }, health.report(index, now));
    });
  }

  order(names: readonly string[]): void {
    if (!Array.isArray(names) || names.length === 0)
      throw new TypeError(`targets.order: expected a list of one target name or more, got ${given(names)}`);
    const order = names.map((name: unknown) => this.#indexOf('order', name));
    const twice = order.find((target, place) => order.indexOf(target) !== place);
    if (twice !== undefined) throw new RangeError(`targets.order: '${this.#loaded().names[twice]}' is named twice`);
    writeOrder(this.#links.healthMemory, order);
  }

  weights(weights: Readonly<Record<string, number>>): void {
    if (typeof weights !== 'object' || weights === null)
      throw new TypeError(`targets.weights: expected a record of numbers, got ${given(weights)}`);
    // Throws before the module has loaded, even if there is nothing to write.
    this.#loaded();
    const written = Object.entries(weights).map(([name, weight]) => {
      if (!(typeof weight === 'number' && weight >= 0 && weight <= 1_000_000))
        throw new RangeError(`targets.weights.${name}: expected a number, 0 to 1000000, got ${given(weight)}`);
      return [this.#indexOf('weights', name), weight] as const;
    });
    writeWeights(this.#links.healthMemory, new Map(written));
  }

  breaker(target: string, state: 'open' | 'closed' | 'auto'): void {
    const index = this.#indexOf('breaker', target);
    if (!STATES.has(state)) throw new RangeError(`targets.breaker: expected 'open', 'closed' or 'auto', got ${given(state)}`);
    const { breaker } = this.#loaded().health.of(index);
    if (breaker === null) throw new TypeError('targets.breaker: breakers are switched off (options.breaker: false)');
    breaker.force(state, this.#seam.now());
  }

  #loaded() {
    const { targetNames: names, health } = this.#links;
    if (names !== null && health !== null) return { names, health };
    throw new CoalescerError('COALESCER_TARGETS_NOT_LOADED', this.#coalescer, 'the targets module has not loaded yet: await ready() first');
  }

  #indexOf(method: string, name: unknown): number {
    const { names } = this.#loaded();
    const index = names.indexOf(name as string);
    if (index !== -1) return index;
    throw new RangeError(`targets.${method}: expected one of ${names.map((known) => `'${known}'`).join(', ')}, got ${given(name)}`);
  }
}
