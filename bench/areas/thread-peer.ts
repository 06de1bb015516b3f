/** The other side of the peers of threads: a task of a pool, a port with a message for each question, a port with batches, an exposed object. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { expose, type Endpoint } from 'comlink';
import { answer, type Answer, type Question } from './thread-targets.js';

/** A question or an answer with the number that matches them. */
export type Numbered<T> = readonly [number: number, body: T];

/** A port as comlink wants it, on either side. */
export function endpointOf(port: MessagePort): Endpoint {
  return {
    postMessage: (message: unknown, transfer?: unknown) => port.postMessage(message, transfer as never),
    addEventListener: (_type, handler) => {
      port.on('message', (data: unknown) => ('handleEvent' in handler ? handler.handleEvent({ data }) : handler({ data })));
    },
    removeEventListener: () => undefined,
    start: () => port.start(),
  };
}

function answerOneByOne(port: MessagePort): void {
  port.on('message', ([number, question]: Numbered<Question>) => {
    void answer(question).then((body) => port.postMessage([number, body] satisfies Numbered<Answer>));
  });
}

/** All answers of one tick in one message, as the questions came. */
function answerInBatches(port: MessagePort): void {
  let outbox: Numbered<Answer>[] = [];
  const flush = (): void => {
    port.postMessage(outbox);
    outbox = [];
  };
  port.on('message', (questions: readonly Numbered<Question>[]) => {
    for (const [number, question] of questions) {
      void answer(question).then((body) => {
        if (outbox.push([number, body]) === 1) setImmediate(flush);
      });
    }
  });
}

/** A message for each chunk, as many as were asked for. */
function sendChunks(port: MessagePort): void {
  port.on('message', (count: number) => {
    for (let at = 0; at < count; at++) port.postMessage({ at, text: `token ${at}` });
  });
}

/** What a parse of 1 MB takes, more or less. */
const SLEEPS_MS = [3, 4.5] as const;

/** Answers as late as one that parses, and leaves the processors alone meanwhile. */
function answerAfterSleep(port: MessagePort): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const [least, most] = SLEEPS_MS;
  port.on('message', ([number, { id }]: Numbered<Question>) => {
    Atomics.wait(never, 0, 0, least + Math.random() * (most - least));
    port.postMessage([number, { id, answer: '' }] satisfies Numbered<Answer>);
  });
}

const sides = {
  sleeps: answerAfterSleep,
  chunks: sendChunks,
  single: answerOneByOne,
  batches: answerInBatches,
  exposed: (port: MessagePort): void => expose({ answer }, endpointOf(port)),
};
export type Side = keyof typeof sides;

// In a pool nothing is said but the task itself.
parentPort?.on('message', (message: { readonly side?: Side; readonly port?: MessagePort } | null) => {
  if (message?.side !== undefined && message.port !== undefined) sides[message.side](message.port);
});

/** The pool's task. */
export default answer;
