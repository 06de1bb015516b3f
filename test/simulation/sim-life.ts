/**
 * One simulated life: a real host session with a real shard, on a loop, ports and shared memory of its own. It may die or hang at any step; what it
 * posted before arrives before the news of its death, and nothing after.
 */
import type { HostLife, LifeReceiver } from '../../src/hosts.js';
import { callTarget } from '../../workers/call-target.js';
import type { HostFacts } from '../../workers/control.js';
import type { FlightCalls } from '../../workers/flight-context.js';
import { HostSession } from '../../workers/host-session.js';
import type { PortOrder } from '../../workers/port-order.js';
import type { InAir } from '../../workers/protocol.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import type { OpenableModule } from '../../workers/targets.js';
import type { Envelope } from '../../workers/wire.js';
import { Channel } from './channel.js';
import { ControlCalls } from './control-call.js';
import type { CrashStep } from './faults.js';
import { LifeMemory, type MemoryOwner } from './life-memory.js';
import { Loop } from './loop.js';
import type { World } from './world.js';
import type { LifeTrace } from './traces.js';

/** What `flying` and `stop` may take, and ending a thread by force. */
const CALL_MS = 200;
const TERMINATE_MS_MAX = 10;

/** An envelope, and the flights that are abandoned by it. */
interface Post {
  readonly envelope: Envelope;
  readonly abandons: readonly number[];
}
type News = Envelope | 'closed';

export class SimLife implements HostLife, LifeTrace, MemoryOwner {
  readonly thread: number;
  readonly memory: SharedMemory;
  readonly loop: Loop;
  readonly begun = new Set<number>();
  readonly abandonsRead = new Set<number>();
  role: LifeTrace['role'] = 'loading';
  evidence: number | null = null;
  /** It died right behind the ledger: the call that was to follow is begun, and never made. */
  diedInLedger = false;
  /** The order in whose context code runs now; only a quarantine looks. */
  running: PortOrder | null = null;
  isHeld = false;
  isLost = false;
  /** It is being ended by force. */
  isEnding = false;
  readonly #world: World;
  readonly #receiver: LifeReceiver;
  readonly #control: ControlCalls;
  readonly #toShard: Channel<Post>;
  readonly #toFront: Channel<News>;
  readonly #whenClosed: (() => void)[] = [];
  readonly #lifeMemory: LifeMemory;
  #session: HostSession | null = null;
  #receive: (envelope: Envelope) => void = () => undefined;
  #abandons: number[] = [];
  #isClosed = false;
  /** Why the front may end it by force. */
  #endedFor = 'healthy';

  constructor(world: World, thread: number, receiver: LifeReceiver) {
    const { scheduler, random, front, swarm, habits } = world;
    this.#world = world;
    this.thread = thread;
    this.#receiver = receiver;
    this.memory = SharedMemory.ofSlots(swarm.options.limits.flights);
    this.loop = new Loop(scheduler, random, habits, () => this.#mayFlush());
    this.#lifeMemory = new LifeMemory(this.memory.buffer, this);
    const delay = (): number => random.between(0, swarm.delayMsMax);
    this.#control = new ControlCalls({ scheduler, front, life: this.loop, delay });
    this.#toShard = new Channel<Post>({ scheduler, loop: this.loop, delay, deliver: (post) => this.#read(post), isStarted: false });
    this.#toFront = new Channel<News>({ scheduler, loop: front, delay, deliver: (news) => this.#tell(news), isStarted: true });
  }

  get isStopped(): boolean {
    return this.loop.isStopped;
  }

  /** Its module is loaded: it waits for its role. */
  load(module: OpenableModule): void {
    const { swarm, settings } = this.#world;
    const flying: FlightCalls<PortOrder> = {
      call: (target, order, attempt, delivered) => this.#runFor(order, () => callTarget(target, order, attempt, delivered)),
      run: (order, run) => this.#runFor(order ?? null, run),
    };
    this.role = 'standby';
    this.#session = new HostSession({
      module,
      config: undefined,
      settings,
      memory: this.#lifeMemory,
      heartbeatMs: swarm.heartbeatMs,
      seam: this.loop.seam,
      thread: this.thread,
      post: (envelope, transferList) => {
        if (this.isStopped) return;
        this.#toFront.post(this.#world.carry(envelope, transferList));
        if (swarm.streams !== null) this.mayDie('posted');
      },
      listen: (receive) => {
        this.#receive = receive;
        this.#toShard.start();
      },
      watchForBlame: () => flying,
    });
  }

  #runFor<Result>(order: PortOrder | null, run: () => Result): Result {
    const before = this.running;
    this.running = order;
    try {
      return run();
    } finally {
      this.running = before;
    }
  }

  /** Its turn is over. What it made of its targets' health is seen now: its front may hear of it much later, when they are well again. */
  #mayFlush(): boolean {
    this.#world.witness.health?.look();
    return !this.mayDie('flush');
  }

  post(envelope: Envelope, transferList: readonly ArrayBuffer[]): void {
    const abandons = this.#abandons;
    this.#abandons = [];
    this.#toShard.post({ envelope: this.#world.carry(envelope, transferList), abandons });
  }

  /** The next envelope says that this flight is over. */
  willAbandon(number: number): void {
    this.#abandons.push(number);
  }

  #read({ envelope, abandons }: Post): void {
    if (this.mayDie('frame-before')) return;
    this.#receive(envelope);
    if (this.isStopped) return;
    this.#world.flightWatch.readAbandons(this, abandons);
    this.mayDie('frame-after');
  }

  #tell(news: News): void {
    if (news !== 'closed') return this.#receiver.envelope(news);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#control.gone();
    this.#world.threadWatch.heard(this, this.#world.residentsOf(this));
    this.#receiver.closed();
    for (const resolve of this.#whenClosed) resolve();
  }

  hold(isHeld: boolean): void {
    this.#world.witness.require(
      this.isHeld !== isHeld,
      'I26',
      () => `thread ${this.thread} is held ${isHeld ? 'twice' : 'no more, again'}`,
    );
    this.isHeld = isHeld;
  }

  async activate(role: 'active' | 'quarantine'): Promise<HostFacts> {
    this.role = role;
    try {
      const facts = await this.#ask('activate', (session) => session.activate(role), this.#world.swarm.readyWithinMs);
      this.#world.witness.isLoaded ||= !this.isLost;
      return facts;
    } catch (error) {
      this.#endedFor = 'its set-up failed';
      this.#world.witness.hasLoadFailed = true;
      throw error;
    }
  }

  flying(slot: number, number: number): Promise<readonly InAir[]> {
    return this.#ask('flying', (session) => session.flying(slot, number), CALL_MS);
  }

  stop(): Promise<void> {
    this.#endedFor = 'stopped';
    const stop = (session: HostSession): Promise<void> => (this.mayDie('stop') ? new Promise(() => undefined) : session.stop());
    return this.#ask('stop', stop, CALL_MS);
  }

  #ask<Result>(name: string, ask: (session: HostSession) => Promise<Result>, withinMs: number): Promise<Result> {
    return this.#control.call(name, () => ask(this.#session as HostSession), withinMs);
  }

  terminate(): Promise<void> {
    const { threadWatch, scheduler, random, machine } = this.#world;
    threadWatch.terminated(this, this.#endedFor);
    this.isEnding = true;
    scheduler.at(scheduler.now + random.between(0, TERMINATE_MS_MAX), machine, () => this.die('ended'));
    return this.#closed();
  }

  /** Ends it at once; settles when its front has heard. */
  kill(why: string): Promise<void> {
    this.die(why);
    return this.#closed();
  }

  #closed(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve);
    });
  }

  /** An uncaught error is traced to an order, as a quarantine can. */
  accuse({ number }: PortOrder): void {
    this.evidence = number;
    this.#lifeMemory.accuse(number);
  }

  ledgerStored(): void {
    this.diedInLedger = this.mayDie('ledger');
  }

  /** Here it may die, if this schedule has it so. Returns whether it is dead. */
  mayDie(step: CrashStep): boolean {
    const { witness, random, swarm } = this.#world;
    if (!this.isStopped && !witness.isCalm && swarm.crashRate > 0 && random.chance(swarm.crashRate)) this.die(step);
    return this.isStopped;
  }

  /** @param killer the flight whose payload does it */
  die(why: string, killer: number | null = null): void {
    if (this.loop.isOver) return;
    this.loop.end();
    this.#world.threadWatch.stopped(this, 'dies', why, killer);
    this.#toFront.post('closed');
    this.#control.die();
  }

  hang(why: string, killer: number | null = null): void {
    if (this.isStopped) return;
    this.loop.hang();
    this.#world.threadWatch.stopped(this, 'hangs', why, killer);
  }
}
