// SIGTERM as in recipes/, sent to a process of its own: what is in the air is answered, a request that is here already joins it, one that would need
// a new upstream call is refused, new connections are refused, and the process ends by itself.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FromPod, ToPod } from './fixtures/pod.js';

/** What the pod says, as the next message that has this property. */
async function told<Name extends string>(pod: ChildProcess, name: Name): Promise<Extract<FromPod, Record<Name, unknown>>> {
  for (;;) {
    const [message] = (await once(pod, 'message')) as [FromPod];
    if (name in message) return message as Extract<FromPod, Record<Name, unknown>>;
  }
}

/** A request whose last line is held back: its connection is busy, its handler has not run. */
async function begin(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n`);
  return socket;
}

async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const piece of socket) text += String(piece);
  return text;
}

test('the server stops first, joins are still taken, launches are refused, and the process ends', {
  skip: process.platform === 'win32' && 'Windows has no SIGTERM',
}, async () => {
  const pod = fork(fileURLToPath(new URL('./fixtures/pod.js', import.meta.url)));
  const exited = once(pod, 'exit');
  const { port } = await told(pod, 'port');

  const first = await begin(port, '/users/7');
  const called = told(pod, 'called');
  first.write('\r\n');
  assert.deepEqual(await called, { called: '7' });
  const joining = await begin(port, '/users/7');
  const launching = await begin(port, '/users/8');
  // Both have reached the pod when this answer comes back: one event loop, in order.
  const probe = await begin(port, '/none');
  probe.write('\r\n');
  assert.match(await answerOf(probe), /404/);

  const stopping = told(pod, 'stopping');
  pod.kill('SIGTERM');
  await stopping;
  joining.write('\r\n');
  launching.write('\r\n');
  assert.match(await answerOf(launching), /^HTTP\/1\.1 503[\s\S]*COALESCER_CLOSED/);
  const late = connect(port, '127.0.0.1');
  const [refusal] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(refusal.code, 'ECONNREFUSED');

  for (let waiting = 0; waiting < 2; ) {
    const counted = told(pod, 'waiting');
    pod.send({ countWaiting: '7' } satisfies ToPod);
    ({ waiting } = await counted);
  }
  pod.send({ answer: true } satisfies ToPod);
  for (const socket of [first, joining]) assert.match(await answerOf(socket), /^HTTP\/1\.1 200[\s\S]*Ada/);
  assert.deepEqual(await exited, [0, null]);
});
