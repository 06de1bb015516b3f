/** Targets of the counts on threads: an echo that tells how many messages its thread has sent, and one that takes the thread down. */
import { MessagePort } from 'node:worker_threads';
import { type AttemptContext, defineTargets } from '../../src/index.js';

export interface CountConfig {
  /** One cell: messages sent by the thread. */
  readonly sent: SharedArrayBuffer;
}

export default defineTargets(({ sent }: CountConfig) => {
  const cell = new Int32Array(sent);
  const prototype = MessagePort.prototype as { postMessage: (this: MessagePort, ...args: never[]) => void };
  const { postMessage } = prototype;
  prototype.postMessage = function counted(this: MessagePort, ...args) {
    Atomics.add(cell, 0, 1);
    postMessage.apply(this, args);
  };
  const run = async (payload: string, { attempt }: AttemptContext): Promise<string> => {
    if (payload.startsWith('die') && attempt === 1) process.exit(1);
    return payload;
  };
  return { primary: run, backup: run };
});
