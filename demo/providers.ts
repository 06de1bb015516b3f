// A provider as its parent sees it: a process that can be booted, killed, and booted again on the same port, and the bills it sent,
// those of its dead predecessors included.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Bill, emptyBill, sumOfBills } from './bill.js';
import type { ProviderConfig, ProviderMessage } from './provider-process.js';
import type { ArmName } from './question.js';

const bootWithinMs = 10_000;
type Bills = Readonly<Record<ArmName, Bill>>;
const noBills: Bills = { plain: emptyBill, coalescer: emptyBill };

export class Provider {
  readonly #config: Omit<ProviderConfig, 'port'>;
  #process: ChildProcess | null = null;
  #port = 0;
  /** Of processes that are gone. */
  #earlier = noBills;
  #latest = noBills;

  constructor(config: Omit<ProviderConfig, 'port'>) {
    this.#config = config;
  }

  get name(): string {
    return this.#config.name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get isUp(): boolean {
    return this.#process !== null;
  }

  bill(arm: ArmName): Bill {
    return sumOfBills(this.#earlier[arm], this.#latest[arm]);
  }

  /** Settles when it listens: the first time on a free port, later on the same one. */
  async boot(): Promise<void> {
    const config: ProviderConfig = { ...this.#config, port: this.#port };
    const child = fork(new URL('./provider-process.js', import.meta.url), [JSON.stringify(config)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process = child;
    // With the parent, however that ends; a parent that is killed outright closes the IPC channel instead.
    const end = () => child.kill('SIGKILL');
    process.on('exit', end);
    child.once('exit', () => {
      process.off('exit', end);
      if (this.#process === child) this.#bury();
    });
    this.#port = await listening(child, this.name);
    child.on('message', (message: ProviderMessage) => {
      if (message.kind === 'report' && this.#process === child) this.#latest = message.bills;
    });
  }

  /** SIGKILL, in the middle of whatever it does. Returns the calls that were in the air. */
  async kill(): Promise<number> {
    const child = this.#process;
    if (child === null) return 0;
    await this.report();
    const inAir = this.#latest.plain.inAir + this.#latest.coalescer.inAir;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill('SIGKILL');
    await gone;
    return inAir;
  }

  /** Settles when the bills are up to date. */
  async report(): Promise<void> {
    const child = this.#process;
    if (child === null || !child.connected) return;
    const answered = new Promise<void>((resolve) => {
      const look = (message: ProviderMessage): void => {
        // A report that was already on its way does not do.
        if (message.kind !== 'report' || !message.asked) return;
        child.off('message', look);
        resolve();
      };
      child.on('message', look);
      child.once('exit', () => resolve());
    });
    child.send({ kind: 'report' }, () => undefined);
    await answered;
  }

  #bury(): void {
    this.#process = null;
    this.#earlier = { plain: closed(this.bill('plain')), coalescer: closed(this.bill('coalescer')) };
    this.#latest = noBills;
  }
}

/** Whoever still waited was cut off. */
function closed(bill: Bill): Bill {
  return { ...bill, cutOff: bill.cutOff + bill.inAir, inAir: 0 };
}

/** The port, once the process listens on it. */
function listening(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`the ${name} provider ${why}`));
    };
    const timer = setTimeout(() => refuse(`did not listen within ${bootWithinMs} ms`), bootWithinMs);
    child.once('error', (error) => refuse(`did not start: ${error.message}`));
    child.once('exit', () => refuse('ended before it listened'));
    child.once('message', (message: ProviderMessage) => {
      if (message.kind !== 'listening') return refuse(`cannot listen${message.kind === 'unable' ? `: ${message.why}` : ''}`);
      clearTimeout(timer);
      resolve(message.port);
    });
  });
}
