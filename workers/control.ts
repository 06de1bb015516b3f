/**
 * The control plane: few, slow, typed calls between a front and the host of a shard. The only file that knows the RPC library. Its calls never
 * settle when the other side dies, so all are made through `Control.call`, which also watches the port and a deadline.
 */
import type { MessagePort } from 'node:worker_threads';
import { expose, releaseProxy, wrap, type Endpoint, type Remote } from 'comlink';
import type { Seam } from './environment.js';
import type { InAir } from './protocol.js';

/** What a host can be asked. Arguments and results are plain data. */
export interface HostControl {
  /** Runs the module's set-up and begins to fly. */
  activate(role: 'active' | 'quarantine'): Promise<HostFacts>;
  /** The attempts of a flight that are in the air. */
  flying(slot: number, number: number): Promise<readonly InAir[]>;
  /** Ends in order: runs what the module registered with `onClose`. */
  stop(): Promise<void>;
}

export interface HostFacts {
  /** In order. */
  readonly targetNames: readonly string[];
  /** May a target say that a value is for one alone? */
  readonly mayBeForOne: boolean;
  /** Which table it flies by: two builds must not be mixed. */
  readonly tableHash: string;
}

/** The allowed operations; the RPC library itself would let a caller walk any path of the exposed object, and write to it. */
const ALLOWED: ReadonlySet<string> = new Set(['activate', 'flying', 'stop']);

type RpcMessage = Partial<Readonly<Record<'id' | 'type' | 'path' | 'argumentList', unknown>>> | null;

/** Only an allowed operation with plain arguments: the library would look up any handler that an argument names. */
function isAllowed(message: RpcMessage): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { type, path, argumentList } = message;
  if (type !== 'APPLY' || !Array.isArray(path) || path.length !== 1 || !ALLOWED.has(path[0] as string)) return false;
  return Array.isArray(argumentList) && argumentList.every((argument: { type?: unknown } | null) => argument?.type === 'RAW');
}

/** A port as the RPC library expects it. Listeners are kept so that they can be removed. */
function endpoint(port: MessagePort, accepts: (message: RpcMessage) => boolean): Endpoint {
  const listeners = new WeakMap<object, (message: RpcMessage) => void>();
  return {
    postMessage: (message: unknown, transfer?: unknown[]) => port.postMessage(message, transfer as never),
    start: () => port.start(),
    addEventListener: (_type, handler) => {
      const listener = (message: RpcMessage): void => {
        // Anything else is dropped unanswered: none of our code sends it.
        if (!accepts(message)) return;
        const event = { data: message } as never;
        if ('handleEvent' in handler) handler.handleEvent(event);
        else handler(event);
      };
      listeners.set(handler, listener);
      port.on('message', listener);
    },
    removeEventListener: (_type, handler) => {
      const listener = listeners.get(handler);
      if (listener !== undefined) port.off('message', listener);
    },
  };
}

/** Host side: answers calls. The facade has no prototype, so that no path leads anywhere else. */
export function serveControl(port: MessagePort, control: HostControl): void {
  const facade = Object.assign(Object.create(null) as HostControl, {
    activate: (role: 'active' | 'quarantine') => control.activate(role),
    flying: (slot: number, number: number) => control.flying(slot, number),
    stop: () => control.stop(),
  });
  expose(facade, endpoint(port, isAllowed));
  port.unref();
}

/** The other side is gone, or does not answer. */
export class ControlLost extends Error {
  readonly isGone: boolean;
  constructor(message: string, isGone: boolean) {
    super(message);
    this.isGone = isGone;
  }
}

/** Front side: calls a host, and notices when it is gone. */
export class Control {
  readonly #port: MessagePort;
  readonly #seam: Seam;
  readonly #remote: Remote<HostControl>;
  readonly #pending = new Set<(error: Error) => void>();
  #isGone = false;

  constructor(port: MessagePort, seam: Seam) {
    this.#port = port;
    this.#seam = seam;
    this.#remote = wrap<HostControl>(endpoint(port, () => true));
    port.unref();
    port.once('close', () => this.#gone());
  }

  /** One call. Rejects when the host dies, and after `withinMs`. @throws ControlLost, or what the host threw */
  call<Name extends keyof HostControl>(
    name: Name,
    args: Parameters<HostControl[Name]>,
    withinMs: number,
  ): Promise<Awaited<ReturnType<HostControl[Name]>>> {
    if (this.#isGone) return Promise.reject(new ControlLost(`${name}: the thread is gone`, true));
    return new Promise((resolve, reject) => {
      const timer = this.#seam.setTimer(withinMs, () => fail(new ControlLost(`${name}: no answer within ${withinMs} ms`, false)));
      const end = (): void => {
        this.#seam.clearTimer(timer);
        this.#pending.delete(fail);
        if (this.#pending.size === 0) this.#port.unref();
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      this.#pending.add(fail);
      // A call in the air keeps the process alive, like any work.
      this.#port.ref();
      const method = this.#remote[name] as unknown as (...given: unknown[]) => Promise<Awaited<ReturnType<HostControl[Name]>>>;
      method(...args).then((result) => {
        end();
        resolve(result);
      }, fail);
    });
  }

  close(): void {
    // Even if the thread is gone: the library keeps every proxy that was not released.
    this.#remote[releaseProxy]();
    this.#port.close();
    // The other side may have closed it before anybody listened: then no event comes any more.
    this.#gone();
  }

  #gone(): void {
    this.#isGone = true;
    for (const fail of this.#pending) fail(new ControlLost('the thread is gone', true));
  }
}
