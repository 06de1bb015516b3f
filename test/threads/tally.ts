/** Counts that a test reads and targets on any thread write: shared memory, passed to them in their `config`. */

const NAMES = ['calls', 'primary', 'backup', 'third', 'loads', 'setUps', 'closings', 'aborts', 'gate', 'late'] as const;
export type Counted = (typeof NAMES)[number];
/** Cells from here on count calls by the id in their payload. */
const IDS_FROM = 16;
const IDS = 4_096;

export class Tally {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer = new SharedArrayBuffer((IDS_FROM + IDS) * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  add(name: Counted): number {
    return Atomics.add(this.#cells, NAMES.indexOf(name), 1) + 1;
  }
  count(name: Counted): number {
    return Atomics.load(this.#cells, NAMES.indexOf(name));
  }

  addCallOf(id: number): number {
    return Atomics.add(this.#cells, IDS_FROM + id, 1) + 1;
  }
  callsOf(id: number): number {
    return Atomics.load(this.#cells, IDS_FROM + id);
  }

  /** Lets everything go on that waits in `opened`. */
  open(): void {
    Atomics.store(this.#cells, NAMES.indexOf('gate'), 1);
  }
  async opened(): Promise<void> {
    await until(() => this.count('gate') > 0, 'the gate opens');
  }
}

/** Waits for a condition that has no event of its own. */
export async function until(condition: () => boolean, what: string, withinMs = 20_000): Promise<void> {
  const latest = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > latest) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}
