import { createCoalescer, threadTargets } from 'coalescer';
import { tellStory } from './story.js';
import type targets from './targets.js';

const module_ = threadTargets<typeof targets>(require.resolve('./targets'), { config: { sign: '!' } });
void tellStory(createCoalescer({ name: 'words', scope: 'public', targets: module_ }));
