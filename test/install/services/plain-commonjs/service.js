// A service as Node ran them before modules: everything by require, and by no compiler.
const { createCoalescer, isCoalescerError, threadTargets } = require('coalescer');
const { flightMachine } = require('coalescer/machines');
const { scriptedTarget, virtualEnvironment } = require('coalescer/testing');

async function main() {
  let calls = 0;
  const primary = async () => {
    calls++;
    throw new Error('primary is away');
  };
  const replica = async (id) => {
    calls++;
    return `user ${id}`;
  };
  const users = createCoalescer({ name: 'users', scope: 'public', targets: { primary, replica } });
  const answers = new Set(await Promise.all(Array.from({ length: 100 }, () => users.request(7))));
  console.log(`inline: ${[...answers]}, ${calls} calls`);
  await users.close();

  for (const threads of [1, 0]) {
    const targets = threadTargets(require.resolve('./targets'), { threads, config: { sign: '!' } });
    const words = createCoalescer({ name: 'words', scope: 'public', targets });
    await words.ready();
    const found = new Set(await Promise.all(Array.from({ length: 100 }, () => words.request('hello'))));
    console.log(`${threads} threads: ${[...found]}, ${words.stats().launched} flight`);
    if (threads > 0) {
      const error = await words.request('die').catch((reason) => reason);
      console.log(`dead thread: ${error.code} ${isCoalescerError(error)}, then ${await words.request('again')}`);
    }
    await words.close();
  }

  const environment = virtualEnvironment();
  const model = scriptedTarget();
  const chat = createCoalescer({ name: 'chat', scope: 'public', targets: { model }, environment });
  const late = chat.request('hi', { timeoutMs: 50 }).catch((error) => error.code);
  const patient = chat.request('hi');
  await environment.advance(60);
  model.calls[0].resolve('hello');
  console.log(`testing: ${await late}, ${await patient}, machine ${flightMachine.id}`);
}

main();
