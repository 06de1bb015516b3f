// The coalescer's targets: the same two providers, called from worker threads.

import { type AttemptContext, defineTargets } from 'coalescer';
import { askProvider, post, streamProvider } from './ask-provider.js';
import { type Answer, isStreamed, type Question, type ThreadKill } from './question.js';

/** Where the providers listen. */
export interface TargetsConfig {
  readonly primary: string;
  readonly backup: string;
}

export default defineTargets((config: TargetsConfig) => ({
  primary: provider(config.primary, config),
  backup: provider(config.backup, config),
}));

function provider(url: string, { backup }: TargetsConfig) {
  const run = async (payload: Question | ThreadKill, { signal }: AttemptContext): Promise<Answer | AsyncIterable<string>> => {
    const call = { url, arm: 'coalescer', signal } as const;
    if (payload.kind === 'question') return isStreamed(payload.key) ? streamProvider(payload, call) : askProvider(payload, call);
    // The backup is never killed, so it can be the one that says "die" once.
    const { die } = (await post(`${backup}/thread-kill`, { signal })) as { readonly die: boolean };
    if (die) process.exit(1);
    return { key: '', provider: 'backup', text: 'survived', begunAt: 0 };
  };
  // A connection that just ends has cut the answer off.
  return { run, isComplete: (last: string | undefined) => last?.endsWith('.') === true };
}
