/** Answers the reads of one reader in the order asked, since chunks have an order. */

export class Turns {
  /** Reads without an answer yet that later ones must wait for. */
  #open = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Must a new read wait for others? */
  get isBusy(): boolean {
    return this.#open > 0;
  }

  /** Remembers a read that did not have to wait, and whose answer may still be to come. */
  isLast(asked: Promise<unknown>): void {
    this.#last = asked;
  }

  /** Asks when all earlier reads are answered. `first`: gives the last read's promise if no read had to wait; `null`: only those known here. */
  after<Given>(first: (() => Promise<unknown>) | null, ask: () => Promise<Given>): Promise<Given> {
    const last = this.isBusy || first === null ? this.#last : first();
    return this.ask(last.then(ask, ask));
  }

  /** Until this is answered, later reads wait. */
  ask<Given>(asked: Promise<Given>): Promise<Given> {
    this.#open++;
    this.#last = asked;
    const answered = (): void => void this.#open--;
    asked.then(answered, answered);
    return asked;
  }
}
