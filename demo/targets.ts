// The coalescer's targets: the same two providers, called from worker threads.

import { type AttemptContext, defineTargets } from 'coalescer';
import { askProvider, post } from './ask-provider.js';
import type { Answer, Question, ThreadKill } from './question.js';

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
  return async (payload: Question | ThreadKill, { signal }: AttemptContext): Promise<Answer> => {
    if (payload.kind === 'question') return askProvider(payload, { url, arm: 'coalescer', signal });
    // The backup is never killed, so it can be the one that says "die" once.
    const { die } = (await post(`${backup}/thread-kill`, { signal })) as { readonly die: boolean };
    if (die) process.exit(1);
    return { key: '', provider: 'backup', text: 'survived', begunAt: 0 };
  };
}
