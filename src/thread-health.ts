/** The health of targets on threads, as the front sees it: it reads what all threads share, numbers the threads that hold probes and places, and frees what dead threads held. */
import type { Seam } from '../workers/environment.js';
import { HOLDERS_MAX, type HealthMemory } from '../workers/health-memory.js';
import { Health } from '../workers/health.js';
import type { LinkReceiver } from './links.js';
import type { FilledOptions } from './options.js';
import type { PortLink } from './port-link.js';

export interface ThreadHealthSetup {
  readonly seam: Seam;
  readonly options: FilledOptions;
  readonly receiver: LinkReceiver;
  /** What all threads know of the targets. */
  readonly healthMemory: HealthMemory;
}

export class ThreadHealth {
  readonly #setup: ThreadHealthSetup;
  /** Which link holds probes and places of targets under which number. 0 is this thread. */
  readonly #holders: (PortLink | null)[] = Array.from({ length: HOLDERS_MAX }, () => null);
  #health: Health | null = null;

  constructor(setup: ThreadHealthSetup) {
    this.#setup = setup;
  }

  /** The health of these targets. `null`: their names are not known yet. */
  of(targetNames: readonly string[] | null): Health | null {
    const { options, healthMemory: memory, seam, receiver } = this.#setup;
    if (targetNames === null) return null;
    // Only shards know ceilings and credentials. The front reads, steers, and frees.
    this.#health ??= new Health({
      memory,
      targets: targetNames.map((name) => ({ name, maxConcurrency: Infinity, credential: null })),
      settings: options,
      holder: 0,
      random: () => seam.random(),
      announce: (target, from, to) => receiver.breaker(target, from, to),
    });
    return this.#health;
  }

  /** A life is about to be set up: gets a number, by which what it holds is freed when it is lost. */
  number(link: PortLink): void {
    const number = this.#holders.findIndex((holder, index) => index > 0 && (holder === null || holder === link));
    if (number === -1) throw new Error(`more than ${HOLDERS_MAX - 1} threads are alive or dying`);
    this.#holders[number] = link;
    link.life.memory.holder = number;
  }

  /** A life is lost: what it held must not keep targets shut while its flights go on. */
  giveBack(link: PortLink, targetNames: readonly string[] | null): void {
    const number = this.#holders.indexOf(link);
    if (number === -1) return;
    this.#holders[number] = null;
    this.of(targetNames)?.giveBack(number, this.#setup.seam.now());
  }
}
