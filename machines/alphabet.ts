// Compares the event alphabet with the machine's own event descriptors: a name that only one of the two has is a typing error that would
// otherwise show as an impossible event in production.
import type { Refusal } from './machine-not-tabulable.js';

/** Which states wait for which events, and what the machine raises itself. Collected while its states are inspected. */
export interface Heard {
  readonly descriptors: { readonly path: string; readonly descriptor: string }[];
  /** Types of the events the machine raises. */
  readonly raised: Set<string>;
  /** Does it raise an event that a function makes? Then its types are unknown before it runs. */
  raisesComputed: boolean;
}

/** What is wrong with the alphabet, if anything is. */
export const alphabetFault = (id: string, events: readonly string[], heard: Heard): Refusal | undefined => {
  if (events.length === 0)
    return { path: id, what: 'the list of events is empty', why: 'the alphabet is explicit, it is not guessed from the machine' };
  for (const [number, event] of events.entries()) {
    const what = `event '${event}'`;
    if (event === '' || event.includes('*')) return { path: id, what, why: 'it is a pattern, and a column of the table is one event' };
    if (event.startsWith('xstate.'))
      return { path: id, what, why: 'names that begin with "xstate." are XState’s own, and it treats them its own way' };
    if (events.indexOf(event) !== number) return { path: id, what, why: 'it is in the list of events twice' };
    if (!heard.descriptors.some(({ descriptor }) => matches(event, descriptor))) {
      return { path: id, what, why: 'it is in the list of events, but no state of the machine knows it' };
    }
  }
  if (heard.raisesComputed) return undefined;
  const known = [...events, ...heard.raised];
  const deaf = heard.descriptors.find(({ descriptor }) => !isDone(descriptor) && !known.some((event) => matches(event, descriptor)));
  return (
    deaf && {
      path: deaf.path,
      what: `event '${deaf.descriptor}'`,
      why: 'the state waits for it, but it is neither in the list of events nor raised',
    }
  );
};

// Sent by XState itself when a compound state's child is final.
const isDone = (descriptor: string): boolean => descriptor.startsWith('xstate.done.state.');

const matches = (event: string, descriptor: string): boolean =>
  descriptor === event || descriptor === '*' || (descriptor.endsWith('.*') && `${event}.`.startsWith(descriptor.slice(0, -1)));
