/** All that happened in one schedule, in order, with virtual times. Text is made only when somebody reads it. */
import { createHash } from 'node:crypto';

type Detail = string | number | boolean | null;
interface Entry {
  readonly at: number;
  readonly what: string;
  readonly details: readonly Detail[];
}

export class EventLog {
  readonly #entries: Entry[] = [];

  add(at: number, what: string, details: readonly Detail[]): void {
    this.#entries.push({ at, what, details });
  }

  get size(): number {
    return this.#entries.length;
  }

  lines(last = Infinity): string[] {
    return this.#entries.slice(-Math.min(last, this.#entries.length)).map(({ at, what, details }) => {
      const told = details.map((detail) => (typeof detail === 'number' ? String(Math.round(detail * 1e6) / 1e6) : String(detail)));
      return `${at.toFixed(3).padStart(11)}  ${what}${told.length === 0 ? '' : ` ${told.join(' ')}`}`;
    });
  }

  hash(): string {
    return createHash('sha256').update(this.lines().join('\n')).digest('hex');
  }
}
