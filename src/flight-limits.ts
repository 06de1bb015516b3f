/** What a front has room for, until it closes: how many flights, and how many bytes. */
import type { Airborne } from './airborne.js';
import type { FlightFailures } from './flight-failures.js';
import type { FilledOptions } from './options.js';

export class FlightLimits {
  /** Bytes of keys, payloads and chunks in the air. */
  bytes = 0;
  readonly #limits: FilledOptions['limits'];
  readonly #airborne: Pick<Airborne, 'size'>;
  readonly #failures: FlightFailures;
  #closing: 'no' | 'draining' | 'over' = 'no';

  constructor(limits: FilledOptions['limits'], airborne: Pick<Airborne, 'size'>, failures: FlightFailures) {
    this.#limits = limits;
    this.#airborne = airborne;
    this.#failures = failures;
  }

  get payloadBytes(): number {
    return this.#limits.payloadBytes;
  }

  /** From now on only launches that are owed to an accepted request. */
  seal(): void {
    this.#closing = 'draining';
  }

  /** No launches from now on. */
  shut(): void {
    this.#closing = 'over';
  }

  /** Is there room for a flight of `bytes` with a key of `keyCharacters`? If not, or when closing, `refuse` says why. */
  allow(bytes: number, keyCharacters: number): boolean {
    const { flights, airborneBytes, payloadBytes } = this.#limits;
    return this.#closing === 'no' && this.#airborne.size < flights && this.bytes + bytes <= airborneBytes && keyCharacters <= payloadBytes;
  }

  /** @param isOwed does it continue an accepted request? @throws CoalescerError unless there is room, and, while this closes, the launch is owed */
  refuse(key: string | null, bytes: number, isOwed: boolean): void {
    const { flights, airborneBytes, payloadBytes } = this.#limits;
    if (this.#closing === 'over' || (this.#closing === 'draining' && !isOwed)) throw this.#failures.closed();
    if (this.#airborne.size >= flights) throw this.#failures.limit('flights', flights, key);
    if (this.bytes + bytes > airborneBytes) throw this.#failures.limit('airborneBytes', airborneBytes, key, this.bytes + bytes);
    if (key !== null && key.length > payloadBytes) throw this.#failures.limit('payloadBytes', payloadBytes, key, key.length);
  }
}
