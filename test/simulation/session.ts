/** Signals of those who ask: Node's own, and mostly signals of another kind, as polyfills and other realms have them. */
import { getEventListeners } from 'node:events';
import type { RequestTrace } from './traces.js';

/** What the library may use of a signal, and no more. */
class OtherSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners = new Set<() => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  /** For `abort`, once: nothing else is listened to. */
  addEventListener(_type: string, listener: () => void): void {
    this.#listeners.add(listener);
  }
  removeEventListener(_type: string, listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** One signal, and the requests that were made with it. */
export class Session {
  readonly requests: RequestTrace[] = [];
  readonly #controller: AbortController | OtherSignal;

  /** Node's own take as long to make, to abort and to listen to as all the rest of a request: a few tell as much as many. */
  constructor(isNodes: boolean) {
    this.#controller = isNodes ? new AbortController() : new OtherSignal();
  }

  get signal(): AbortSignal {
    const controller = this.#controller;
    return controller instanceof AbortController ? controller.signal : (controller as unknown as AbortSignal);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Those who still listen. */
  get listeners(): number {
    const controller = this.#controller;
    return controller instanceof OtherSignal ? controller.listeners : getEventListeners(controller.signal, 'abort').length;
  }
}
