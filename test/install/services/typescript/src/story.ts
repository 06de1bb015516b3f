// What the services of all kinds of module tell. Their types are checked, declarations of the package included, with skipLibCheck: false.
import { createCoalescer, isCoalescerError, type Coalescer, type CoalescerOptions, type FlightReport, type Outcome } from 'coalescer';
import { FLIGHT, flightEvents } from './machine.js';
import { scriptedTarget, virtualEnvironment, type VirtualEnvironment } from 'coalescer/testing';

export interface User {
  readonly id: number;
  readonly name: string;
}

export async function tellStory(words: Coalescer<string, string>): Promise<void> {
  const readUser = async (id: number): Promise<User> => ({ id, name: `user ${id}` });
  const away = async (id: number): Promise<User> => Promise.reject(new Error(`${id} cannot be read`));
  const options: CoalescerOptions<number, User, 'per-request', 'frozen'> = { name: 'users', scope: 'per-request', share: 'frozen' };
  const users = createCoalescer({ targets: { away, readUser }, ...options });
  const outcome: Outcome<User> = await users.outcome(7, { scope: 'acme' });
  const report: FlightReport = outcome;
  console.log(
    `inline: ${outcome.status === 'fulfilled' ? outcome.value.name : String(outcome.reason)}, ${report.attempts.length} attempts`,
  );
  const refused: unknown = await users.request(7, { scope: '' }).catch((error: unknown) => error);
  console.log(`refused: ${isCoalescerError(refused) ? refused.code : String(refused)}`);
  await users.close();

  await words.ready();
  const found = new Set(await Promise.all(Array.from({ length: 100 }, () => words.request('hello'))));
  console.log(`thread: ${[...found].join()}, ${words.stats().launched} flight`);
  await words.close();

  const environment: VirtualEnvironment = virtualEnvironment();
  const model = scriptedTarget<string, string>();
  const chat = createCoalescer({ name: 'chat', scope: 'public', targets: { model }, environment });
  const answer = chat.request('hi');
  model.calls[0]?.resolve('hello');
  console.log(`testing: ${await answer}, machine ${FLIGHT}, ${flightEvents.includes('flight.launched')}`);
}
