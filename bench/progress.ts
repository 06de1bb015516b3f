/** Tells on stderr what is being measured: in place on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #startedAt = performance.now();
  #toldAt = -Infinity;

  readonly tell = (what: string): void => {
    const now = performance.now();
    const line = `${((now - this.#startedAt) / 1_000).toFixed(0).padStart(4)} s  ${what}`;
    if (process.stderr.isTTY) return void process.stderr.write(`\r\u001b[K${line}`);
    if (now - this.#toldAt < 5_000) return;
    this.#toldAt = now;
    process.stderr.write(`${line}\n`);
  };

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}
