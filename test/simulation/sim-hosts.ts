/** Simulated hosts: threads that take their time to start, do not load now and then, and may die at any step of it. */
import type { HostLife, Hosts, LifeReceiver } from '../../src/hosts.js';
import { Wire } from '../../workers/wire.js';
import { SimLife } from './sim-life.js';
import { targetsModule } from './targets-module.js';
import type { World } from './world.js';

/** One for all lives: it keeps nothing from one message to the next, and making it takes longer than most of what is packed. */
const WIRE = new Wire();

export class SimHosts implements Hosts {
  readonly lives: SimLife[] = [];
  readonly #world: World;
  #isClosed = false;

  constructor(world: World) {
    this.#world = world;
  }

  get living(): SimLife[] {
    return this.lives.filter(({ loop }) => !loop.isOver);
  }

  makeWire(): Wire {
    return WIRE;
  }

  open(receiver: LifeReceiver): Promise<HostLife> {
    const { scheduler, machine, front, swarm, random, threadWatch, witness } = this.#world;
    if (this.#isClosed) return Promise.reject(new Error('simulation: the hosts are closed'));
    let life: SimLife | null = null;
    return new Promise<HostLife>((resolve, reject) => {
      const timer = front.seam.setTimer(swarm.readyWithinMs, () => end(new Error('did not load within readyWithinMs')));
      let isOpen: boolean | null = null;
      // Everything that can be told is told on the front's loop, once.
      const end = (error: Error | null): void => {
        if (isOpen !== null) return;
        isOpen = error === null;
        front.seam.clearTimer(timer);
        if (error === null) return resolve(life as SimLife);
        witness.hasLoadFailed = true;
        life?.die('it did not load');
        reject(error);
      };
      const told = (error: Error | null): void => void scheduler.at(scheduler.now + random.between(0, 1), front, () => end(error));
      life = new SimLife(this.#world, this.lives.length + 1, {
        envelope: (envelope) => receiver.envelope(envelope),
        closed: () => {
          if (isOpen === true) receiver.closed();
          else end(new Error('the thread died while it loaded'));
        },
      });
      const opening = life;
      this.lives.push(opening);
      threadWatch.opened(opening, this.living.filter(({ isEnding }) => !isEnding).length);
      const fate = this.#fateOfLoading();
      if (fate === 'hang') return;
      const loadMs = random.between(0, swarm.faults.slowSetUp ? 40 : 3);
      scheduler.at(scheduler.now + loadMs, machine, () => {
        if (opening.loop.isOver) return;
        if (fate === 'die') return opening.die('load');
        if (fate === 'fail') return told(new Error('the module does not load'));
        opening.load(targetsModule(this.#world, opening));
        told(null);
      });
    });
  }

  #fateOfLoading(): 'load' | 'fail' | 'die' | 'hang' {
    const { random, swarm, witness } = this.#world;
    if (witness.isCalm) return 'load';
    if (swarm.faults.loadFailures && random.chance(0.15)) return random.weighted({ fail: 3, die: 2, hang: 1 });
    return random.chance(swarm.crashRate) ? 'die' : 'load';
  }

  /** Settles when the news of all deaths has come. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.lives.map((life) => life.kill('the hosts are closed')));
  }
}
