/** The questions of one reader, answered in the order asked: chunks come in theirs. */

export class Turns {
  /** Asked and not answered, of those that must be waited for. */
  #open = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Must who asks now wait for others? */
  get isBusy(): boolean {
    return this.#open > 0;
  }

  /** One that was answered at once, and whose answer may be still to come. */
  isLast(asked: Promise<unknown>): void {
    this.#last = asked;
  }

  /** Asks when all before it are answered. `first`: what was asked for last where nobody had to wait; `null`: nothing but what was told here. */
  after<Given>(first: (() => Promise<unknown>) | null, ask: () => Promise<Given>): Promise<Given> {
    const last = this.isBusy || first === null ? this.#last : first();
    return this.ask(last.then(ask, ask));
  }

  /** Until this is answered, whoever asks waits. */
  ask<Given>(asked: Promise<Given>): Promise<Given> {
    this.#open++;
    this.#last = asked;
    const answered = (): void => void this.#open--;
    asked.then(answered, answered);
    return asked;
  }
}
