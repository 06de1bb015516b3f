/** What a flight takes along besides its key: what `carry` returned, and its payload if that crosses to a thread. Most inline flights take nothing. */
import type { Body } from '../workers/protocol.js';
import { type Boarded, carrying, keyOf } from './boarding.js';
import type { FlightLimits } from './flight-limits.js';
import type { Links } from './links.js';

export interface Load {
  /** With what `carry` returned; `null`: unchanged. */
  readonly boarded: Boarded | null;
  /** What it counts for under `airborneBytes`. */
  readonly bytes: number;
  readonly body: Body | null;
  readonly carriedBody: Body | null;
}

export const NO_LOAD: Load = { boarded: null, bytes: 0, body: null, carriedBody: null };

/** Makes the loads of flights. */
export class Loads {
  readonly #links: Pick<Links, 'admit' | 'admitCarried'>;
  readonly #carry: (() => unknown) | null;
  readonly #limits: FlightLimits;

  constructor(links: Pick<Links, 'admit' | 'admitCarried'>, carry: (() => unknown) | null, limits: FlightLimits) {
    this.#links = links;
    this.#carry = carry;
    this.#limits = limits;
  }

  /** @throws CoalescerError at a limit, Refused if something cannot cross, and what `carry` throws */
  of(boarded: Boarded, keyBytes: number, isOwed: boolean): Load {
    const { bytes, body } = this.#links.admit(boarded);
    const carried = this.#carry === null ? undefined : this.#carry();
    const along = carried === undefined ? null : this.#links.admitCarried(carried);
    const load = { boarded: carrying(boarded, carried), bytes: bytes + (along?.bytes ?? 0), body, carriedBody: along?.body ?? null };
    // Checked again: the user's code ran meanwhile, and may have launched or closed.
    if (!this.#limits.allow(keyBytes + load.bytes, keyBytes)) this.#limits.refuse(keyOf(boarded), keyBytes + load.bytes, isOwed);
    return load;
  }
}

/** `null`: flights take nothing along. */
export function loadsOf(links: Links, carry: (() => unknown) | null, limits: FlightLimits): Loads | null {
  return carry === null && !links.payloadsCross ? null : new Loads(links, carry, limits);
}
