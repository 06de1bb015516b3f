/** How the targets of threads are, as the front knows: it sees what all threads share, numbers those who hold something of it, and clears up after the dead. */
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
  /** Who holds probes and places of targets by which number. 0 is this thread. */
  readonly #holders: (PortLink | null)[] = Array.from({ length: HOLDERS_MAX }, () => null);
  #health: Health | null = null;

  constructor(setup: ThreadHealthSetup) {
    this.#setup = setup;
  }

  /** Of targets by these names. `null`: they are not known yet. */
  of(targetNames: readonly string[] | null): Health | null {
    const { options, healthMemory: memory, seam, receiver } = this.#setup;
    if (targetNames === null) return null;
    // How many places they have, and which credential, shards know. Here it is looked at, steered, and cleared up.
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

  /** A life is about to be set up: by its number what it holds is given back when it is lost. */
  number(link: PortLink): void {
    const number = this.#holders.findIndex((holder, index) => index > 0 && (holder === null || holder === link));
    if (number === -1) throw new Error(`more than ${HOLDERS_MAX - 1} threads are alive or dying`);
    this.#holders[number] = link;
    link.life.memory.holder = number;
  }

  /** A life is lost: what it held must not keep its targets shut while its flights go on. */
  giveBack(link: PortLink, targetNames: readonly string[] | null): void {
    const number = this.#holders.indexOf(link);
    if (number === -1) return;
    this.#holders[number] = null;
    this.of(targetNames)?.giveBack(number, this.#setup.seam.now());
  }
}
