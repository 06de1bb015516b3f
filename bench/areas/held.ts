/** An upstream that answers when it is told to, so that flights can be joined for as long as a row likes. */
export class Held<V> {
  readonly #waiting: (() => void)[] = [];

  call(value: V): Promise<V> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(value));
    });
  }

  release(): void {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) next();
  }
}
