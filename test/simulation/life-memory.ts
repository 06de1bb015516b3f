/** The shared memory as a life writes it: not any more once it has stopped, though its JavaScript may run on to the end of the turn. */
import { SharedMemory, type Tried } from '../../workers/shared-memory.js';

/** Whose memory it is. */
export interface MemoryOwner {
  readonly isStopped: boolean;
  /** Between the ledger and the call is a step to die at. */
  ledgerStored(): void;
}

export class LifeMemory extends SharedMemory {
  readonly #owner: MemoryOwner;

  constructor(buffer: SharedArrayBuffer, owner: MemoryOwner) {
    super(buffer);
    this.#owner = owner;
  }

  override beat(): void {
    if (!this.#owner.isStopped) super.beat();
  }
  override enter(number: number): void {
    if (!this.#owner.isStopped) super.enter(number);
  }
  override exit(): void {
    if (!this.#owner.isStopped) super.exit();
  }
  override accuse(number: number): void {
    if (!this.#owner.isStopped) super.accuse(number);
  }
  override count(target: number, what: number, change: number): void {
    if (!this.#owner.isStopped) super.count(target, what, change);
  }
  override enterLedger(slot: number, tried: Tried): void {
    if (this.#owner.isStopped) return;
    super.enterLedger(slot, tried);
    this.#owner.ledgerStored();
  }
}
