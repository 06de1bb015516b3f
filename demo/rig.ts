// What a run runs on: two provider processes, and the arms that call them. Booted together, closed together.

import { type Bill, dollarsOf, sumOfBills } from './bill.js';
import { CoalescerArm } from './coalescer-arm.js';
import { PlainArm } from './plain-arm.js';
import { Provider } from './providers.js';
import type { Answer, ArmName, Question } from './question.js';

export interface RigOptions {
  readonly seed: number;
  readonly threads: number;
  /** The plain client beside the coalescer. */
  readonly plain: boolean;
  readonly calm: boolean;
  readonly hedge: boolean;
  readonly flightTimeoutMs: number;
  readonly onThreadLost: (relaunched: number) => void;
}

/** Of the primary: a call in 250 is refused. The backup never errs, so that no request has an excuse to fail. */
const errorShare = 0.004;

export class Rig {
  readonly primary: Provider;
  readonly backup: Provider;
  readonly coalescer: CoalescerArm;
  readonly plain: PlainArm | null;

  private constructor(primary: Provider, backup: Provider, options: RigOptions) {
    const { seed, threads, flightTimeoutMs, hedge, onThreadLost } = options;
    this.primary = primary;
    this.backup = backup;
    const config = { primary: primary.url, backup: backup.url };
    this.coalescer = new CoalescerArm({ threads, config, flightTimeoutMs, hedge, onThreadLost });
    // The primary gets half of a flight's time in the coalescer too.
    const timeoutMs = flightTimeoutMs / 2;
    this.plain = options.plain ? new PlainArm({ urls: [primary.url, backup.url], timeoutMs, seed }) : null;
  }

  /** Settles when the providers listen and the targets are set up on every thread. */
  static async boot(options: RigOptions): Promise<Rig> {
    const primary = new Provider({ name: 'primary', seed: options.seed, errorShare: options.calm ? 0 : errorShare });
    const backup = new Provider({ name: 'backup', seed: options.seed, errorShare: 0 });
    let rig: Rig | null = null;
    try {
      await Promise.all([primary.boot(), backup.boot()]);
      rig = new Rig(primary, backup, options);
      await rig.coalescer.ready();
      return rig;
    } catch (error) {
      await Promise.all([rig?.coalescer.close(), rig?.plain?.close(), primary.kill(), backup.kill()]);
      throw error;
    }
  }

  get armNames(): readonly ArmName[] {
    return this.plain === null ? ['coalescer'] : ['plain', 'coalescer'];
  }

  ask(arm: ArmName, question: Question): Promise<Answer> {
    return arm === 'plain' && this.plain !== null ? this.plain.ask(question) : this.coalescer.ask(question);
  }

  /** What the providers counted for this arm. */
  costs(arm: ArmName): { readonly calls: number; readonly dollars: number } {
    const bill: Bill = sumOfBills(this.primary.bill(arm), this.backup.bill(arm));
    return { calls: bill.calls, dollars: dollarsOf(bill) };
  }

  /** Settles when the providers' counts are up to date. */
  async count(): Promise<void> {
    await Promise.all([this.primary.report(), this.backup.report()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.coalescer.close(), this.plain?.close()]);
    await Promise.all([this.primary.kill(), this.backup.kill()]);
  }
}
